import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  begin,
  type InvitationEffect,
  type InvitationEvent,
  type Refusal,
  type Step,
  transition,
} from '../../src/invitation/invitation.js'
import type { Invitation, InvitationPhase, InvitedDevice } from '../../src/ports/invitations.js'

const RUNS = Number(process.env['REVEILLE_INTERLEAVINGS'] ?? 20_000) / 4

function invitation(devices: readonly string[]): Invitation {
  return {
    id: 'i1',
    initiator: { client: 'app-1', device: null, user: 'alice' },
    endpoints: ['bob'],
    connection: { offer: 1 },
    note: null,
    createdAt: 0,
    expiresAt: 60_000_000,
    phase: 'open',
    devices: devices.map((id) => ({ id, user: 'bob', state: 'invited' })),
  }
}

function stepped(outcome: Step | Refusal): Step {
  if ('refused' in outcome) throw new Error(`refused: ${outcome.refused}`)
  return outcome
}

/** Where some events lead from three invited devices, with all the effects on the way. */
function after(...events: readonly InvitationEvent[]): Step {
  return events.reduce<Step>(
    (sofar, event) => {
      const { invitation: next, effects } = stepped(transition(sofar.invitation, event))
      return { invitation: next, effects: [...sofar.effects, ...effects] }
    },
    { invitation: begin(invitation(['d1', 'd2', 'd3'])).invitation, effects: [] },
  )
}

const accept = (device: string, connection: object = { answer: device }) =>
  ({ type: 'accept', device, connection }) as InvitationEvent
const decline = (device: string): InvitationEvent => ({ type: 'decline', device, reason: null })
const unreachable = (device: string): InvitationEvent => ({ type: 'unreachable', device, detail: '410' })
const connect = (...devices: string[]): InvitationEvent => ({ type: 'connect', devices })
const cancel: InvitationEvent = { type: 'cancel' }
const expire: InvitationEvent = { type: 'expire' }

describe('an invitation', () => {
  it('goes to every device, and is over at once where there is none', () => {
    expect(begin(invitation(['d1', 'd2'])).effects).toEqual([
      { type: 'invite', device: 'd1' },
      { type: 'invite', device: 'd2' },
    ])
    const nobody = begin(invitation([]))
    expect(nobody.invitation.phase).toBe('unreachable')
    expect(nobody.effects).toEqual([{ type: 'tell-initiator-ended', why: 'unreachable' }])
  })

  it('passes each accept on as it comes', () => {
    const { invitation: now, effects } = after(accept('d2'), accept('d1'))
    expect(effects.filter(({ type }) => type === 'pass-accept')).toEqual([
      { type: 'pass-accept', device: 'd2' },
      { type: 'pass-accept', device: 'd1' },
    ])
    expect(now.devices[1]).toEqual({ id: 'd2', user: 'bob', state: 'accepted', connection: { answer: 'd2' } })
    expect(now.phase).toBe('open')
  })

  it('tells those that the initiator connects to, and the others that it is over', () => {
    const { invitation: now, effects } = after(...[accept('d1'), accept('d2'), connect('d2')])
    expect(now.phase).toBe('connected')
    expect(now.devices.map(({ state }) => state)).toEqual(['ended', 'connected', 'ended'])
    expect(effects.slice(-3)).toEqual([
      { type: 'tell-connected', device: 'd2' },
      { type: 'tell-ended', device: 'd1', why: 'elsewhere' },
      { type: 'tell-ended', device: 'd3', why: 'elsewhere' },
    ])
  })

  it('connects only to devices that have accepted', () => {
    const { invitation: now } = after(accept('d1'))
    for (const devices of [['d2'], ['d1', 'd2'], ['nobody'], []]) {
      expect(transition(now, connect(...devices))).toMatchObject({ refused: 'not-accepted' })
    }
  })

  it('takes the same accept twice, and another one of the same device not', () => {
    const { invitation: now } = after(accept('d1'))
    expect(transition(now, accept('d1'))).toEqual({ invitation: now, effects: [] })
    expect(transition(now, accept('d1', { answer: 2 }))).toMatchObject({ refused: 'already-answered' })
    expect(transition(now, accept('nobody'))).toMatchObject({ refused: 'foreign' })
    const { invitation: connected } = stepped(transition(now, connect('d1')))
    expect(transition(connected, accept('d1'))).toEqual({ invitation: connected, effects: [] })
    expect(transition(connected, accept('d2'))).toMatchObject({ refused: 'over' })
  })

  it('lets a device take its accept back until the initiator connects to it', () => {
    const { invitation: now, effects } = after(accept('d1'), decline('d1'))
    expect(effects.at(-1)).toEqual({ type: 'pass-decline', device: 'd1' })
    expect(transition(now, connect('d1'))).toMatchObject({ refused: 'not-accepted' })
    expect(transition(now, accept('d1'))).toMatchObject({ refused: 'already-answered' })
  })

  it.each<[string, InvitationEvent[], InvitationPhase]>([
    ['all have declined', [decline('d1'), decline('d2'), decline('d3')], 'declined'],
    ['nobody could be told', [unreachable('d1'), unreachable('d2'), unreachable('d3')], 'unreachable'],
    ['those that were told have declined', [unreachable('d1'), decline('d2'), decline('d3')], 'declined'],
    ['it expires', [accept('d1'), expire], 'expired'],
  ])('is over for the initiator when %s', (_when, events, phase) => {
    const { invitation: now, effects } = after(...events)
    expect(now.phase).toBe(phase)
    expect(effects.filter(({ type }) => type === 'tell-initiator-ended')).toEqual([
      { type: 'tell-initiator-ended', why: phase },
    ])
  })

  it('takes a device that could not be told and comes all the same', () => {
    const { invitation: now } = after(unreachable('d1'), accept('d1'), connect('d1'))
    expect(now.devices[0]?.state).toBe('connected')
  })

  it('may be cancelled and connected twice in the same way, as HTTP clients repeat requests', () => {
    const cancelled = after(cancel)
    expect(transition(cancelled.invitation, cancel)).toEqual({ ...cancelled, effects: [] })
    expect(transition(cancelled.invitation, connect('d1'))).toMatchObject({ refused: 'over' })
    const connected = after(accept('d1'), accept('d2'), connect('d1', 'd2', 'd1')).invitation
    expect(transition(connected, connect('d2', 'd1'))).toEqual({ invitation: connected, effects: [] })
    expect(transition(connected, connect('d1'))).toMatchObject({ refused: 'over' })
    expect(transition(connected, cancel)).toMatchObject({ refused: 'over' })
  })
})

const DEVICES = ['d1', 'd2', 'd3', 'd4']
const device = fc.constantFrom(...DEVICES, 'stranger')
const event: fc.Arbitrary<InvitationEvent> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(device, fc.nat(1)).map(([id, n]) => accept(id, { n })) },
  { weight: 3, arbitrary: device.map(decline) },
  { weight: 2, arbitrary: device.map(unreachable) },
  { weight: 2, arbitrary: fc.uniqueArray(device, { maxLength: 3 }).map((ids) => connect(...ids)) },
  { weight: 1, arbitrary: fc.constantFrom(cancel, expire) },
)

const FINAL: readonly InvitedDevice['state'][] = ['connected', 'ended', 'declined']

/** What went out, in the order of its going. */
class Witness {
  readonly passed = new Map<string, number>()
  readonly ends = new Map<string, number>()
  initiatorEnds = 0
  /** Accepts that the machine took. */
  readonly taken = new Map<string, number>()

  see(effect: InvitationEffect): void {
    const count = (map: Map<string, number>, id: string) => map.set(id, (map.get(id) ?? 0) + 1)
    switch (effect.type) {
      case 'pass-accept':
        count(this.passed, effect.device)
        return
      case 'tell-connected':
      case 'tell-ended':
        count(this.ends, effect.device)
        return
      // A device that declines knows the end that it made itself.
      case 'pass-decline':
        count(this.ends, effect.device)
        return
      case 'tell-initiator-ended':
        this.initiatorEnds += 1
        return
      case 'invite':
      case 'stop-inviting':
        return
      default:
        effect satisfies never
    }
  }
}

it(`${String(RUNS)} random interleavings of an invitation hold every invariant`, { timeout: 120_000 }, () => {
  const phases = new Set<InvitationPhase>()
  fc.assert(
    fc.property(fc.array(event, { maxLength: 25 }), fc.integer({ min: 1, max: 4 }), (events, count) => {
      const witness = new Witness()
      let { invitation: now } = begin(invitation(DEVICES.slice(0, count)))
      // Time always comes to its end.
      for (const each of [...events, expire]) {
        const before = now
        const outcome = transition(before, each)
        if ('refused' in outcome) continue
        now = outcome.invitation
        outcome.effects.forEach((effect) => witness.see(effect))
        check(before, now, each, outcome.effects)
        if (each.type === 'accept' && now !== before) {
          witness.taken.set(each.device, (witness.taken.get(each.device) ?? 0) + 1)
        }
      }
      phases.add(now.phase)
      expect(now.phase).not.toBe('open')
      // Every accept that was taken reached the initiator, once.
      expect(witness.passed).toEqual(witness.taken)
      for (const { id, state } of now.devices) {
        // Each device that was told is told its end, once; who was never reached is not.
        expect(witness.ends.get(id) ?? 0, id).toBe(state === 'unreachable' ? 0 : 1)
        expect(FINAL.includes(state) || state === 'unreachable').toBe(true)
        expect(witness.passed.get(id) ?? 0).toBeLessThanOrEqual(1)
      }
      // The initiator is told of an end that it did not make itself, once.
      const own = now.phase === 'connected' || now.phase === 'cancelled'
      expect(witness.initiatorEnds).toBe(own ? 0 : 1)
    }),
    { numRuns: RUNS },
  )
  // Each of them was reached.
  expect([...phases].sort()).toEqual(['cancelled', 'connected', 'declined', 'expired', 'unreachable'])
})

function check(
  before: Invitation,
  now: Invitation,
  cause: InvitationEvent,
  effects: readonly InvitationEffect[],
): void {
  if (before.phase !== 'open') {
    // After an end nothing changes, and nothing is done.
    expect(now).toBe(before)
    expect(effects).toEqual([])
  }
  if (now === before) expect(effects).toEqual([])
  if (now.phase === 'connected' && before.phase === 'open') {
    const connected = now.devices.filter(({ state }) => state === 'connected').map(({ id }) => id)
    expect(cause.type === 'connect' && connected.every((id) => cause.devices.includes(id))).toBe(true)
    expect(connected.length).toBeGreaterThan(0)
  }
}
