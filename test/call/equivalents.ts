/**
 * Changes of the machine that nobody can notice from outside, by name, each with the reason. A change that is noticed,
 * or that does not exist any more, must leave this list: the test says so.
 */
export const EQUIVALENT: Readonly<Record<string, string>> = {
  "attempts.ts quieten: without if (woken === 'grace')":
    'a wake of `grace` whose timer is gone is treated like `none` wherever it is read',
  "attempts.ts flowOf: always target?.kind === 'contact' ?":
    'a destination outside is no phone that registers, and a leg that arrived has the call',
  'attempts.ts legFailed: without if (failed === undefined)':
    'nobody owns a leg that does not exist, and an owner is asked for next',
  "attempts.ts dismiss: only !loser.owedEnding of !loser.owedEnding || loser.destination.kind !== 'device'":
    'only a device is pushed, so that only a device is owed its ending',
  'attempts.ts find: without if (found === undefined)':
    'attempts are never removed, and every id that is looked up came from one',
  'finish.ts abandon: without if (state.released)': 'the release stops the timer that leads here',
  "lost.ts signalingLost: only legs.includes(state.winner) of 'winner' in state && legs.includes(state.winner)":
    'an undefined winner is none of the legs',
  "move-on.ts routeOn: without deliberating: false in { phase: 'routing', target, arrived: [], deliberating: false, ...callOf(state), hops, }":
    'it is read once, and what is missing there reads as false',
  'perform.ts perform: without serial: state.serial + 1 in { ...state, begun: id, serial: state.serial + 1, ringback: false }':
    'the timer of the next performance takes a number of its own before it',
  "phases/connecting.ts timer: without if (due.name !== 'connect')":
    'winning stops every timer but this one, and nothing starts another',
  "phases/ended.ts timer: always due.name === 'settle' ?": 'the end stops every timer but this one',
  'phases/waiting.ts timer: without then moveOnIfExhausted':
    'a grace runs only for a device with a token, which is in the race once it is pushed',
  "refuse.ts userOf: never destination.kind === 'outside' ?":
    'there is no user to be read from a number outside',
  'step.ts andThen: without if (first.effects.length === 0)': 'it saves a copy and does nothing else',
  'step.ts disarmAllBut: without if (stopped.length === 0)': 'saves a copy of the state where no timer runs',
  'win.ts win: without over: null in { ...a, leg: winner, over: null, owedEnding: false }':
    'nobody asks who is in the race once it is won',
}
