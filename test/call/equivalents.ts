/**
 * Changes of the machine that nobody can notice from outside, by name, each with the reason. A change that is noticed,
 * or that does not exist any more, must leave this list: the test says so.
 */
export const EQUIVALENT: Readonly<Record<string, string>> = {
  "attempts.ts quieten: without if (woken === 'grace')":
    'a wake of `grace` whose timer is gone is treated like `none` wherever it is read',
  "attempts.ts flowOf: always dialled.target.kind === 'contact' ?":
    'a destination outside is no phone that registers, so that its dial is never compared',
  'attempts.ts dialFailed: without if (failed === undefined)':
    'nobody owns a dial that does not exist, and an owner is asked for next',
  "attempts.ts dismiss: only !loser.owedEnding of !loser.owedEnding || loser.destination.kind !== 'device'":
    'only a device is pushed, so that only a device is owed its ending',
  "attempts.ts close: only open.phase === 'closing' of open === undefined || open.phase === 'closing'":
    'only dials of the state are closed',
  'attempts.ts outcome: s > 600, not >=':
    'a 6xx ends the call at once, and never counts as one outcome of many',
  'attempts.ts find: without if (found === undefined)':
    'attempts are never removed, and every id that is looked up came from one',
  "finish.ts end: always 'winner' in state ?":
    'an undefined winner is no dial of anybody, as null is none with a dial that could lose it',
  "finish.ts end: never 'winner' in state ?":
    'dismissing the winner hangs it up, as closing all dials does next',
  'finish.ts end: only winner === null of winner === null || a.dial !== winner':
    'where there is a winner, the others were dismissed when it won',
  'finish.ts end: a.dial === winner, not !==':
    'the others were dismissed when the winner won, and dismissing the winner hangs it up as closing all dials does',
  'finish.ts abandon: without if (state.released)': 'the release stops the timer that leads here',
  "lost.ts signalingLost: only legs.includes(state.winner) of 'winner' in state && legs.includes(state.winner)":
    'an undefined winner is none of the legs',
  "phases/connecting.ts timer: without if (due.name !== 'connect')":
    'winning stops every timer but this one, and nothing starts another',
  "phases/ended.ts timer: always due.name === 'settle' ?": 'the end stops every timer but this one',
  "phases/routing.ts whileRouting: deaf to 'push-delivered': pushDelivered(state, event.attempt)":
    'the attempts of a step that was left owe and await nothing',
  'phases/waiting.ts failed: only !current of dialled === undefined || !current':
    'a dial that does not exist is nobody’s current one',
  "phases/waiting.ts timer: always if (due.name.startsWith('grace:'))":
    'a timer that is neither hold nor reassure is a grace while the call waits',
  'phases/waiting.ts timer: without then moveOnIfExhausted':
    'a grace runs only for a device with a token, which is in the race once it is pushed',
  'step.ts andThen: without if (first.effects.length === 0)': 'it saves a copy and does nothing else',
  'win.ts win: without over: null in { ...a, dial: winner, over: null, owedEnding: false }':
    'nobody asks who is in the race once it is won',
  'win.ts win: without owedEnding: false in { ...a, dial: winner, over: null, owedEnding: false }':
    'the winner is never dismissed, and nobody else asks what it is owed',
}
