import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Harness, type RegisterSpec } from './harness.js'

const contact = fc.record({
  host: fc.constantFrom('one', 'two', 'three'),
  regId: fc.constantFrom(undefined, undefined, 1, 2),
  expires: fc.constantFrom(0, 60, 600, 600),
})

const step = fc.record({
  user: fc.constantFrom('alice', 'bob'),
  callId: fc.constantFrom('a', 'b'),
  token: fc.constantFrom(undefined, 'T1', 'T2', 'T3'),
  instance: fc.constantFrom(undefined, 'urn:x:1', 'urn:x:2'),
  contacts: fc.oneof(
    { weight: 9, arbitrary: fc.array(contact, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.constant('*' as const) },
  ),
  pauseMs: fc.constantFrom(0, 1000, 61_000),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function spec({ user, callId, token, instance, contacts }: Step): RegisterSpec {
  if (contacts === '*') return { user, callId, contact: '*', expires: 0 }
  const push = token === undefined ? '' : `;pn-provider=acme;pn-prid=${token}`
  const id = instance === undefined ? '' : `;+sip.instance="<${instance}>"`
  const contact = contacts.map(({ host, regId, expires }) => {
    const flow = regId === undefined ? '' : `;reg-id=${regId}`
    return `<sip:u@${host}${push}>${id}${flow};expires=${expires}`
  })
  return { user, callId, contact }
}

describe('whatever phones register, in any order', () => {
  it('the bounds hold, a token is one live device’s, flows are distinct, and the 200 lists what is stored', async () => {
    const limits = { minExpires: 60_000, defaultExpires: 6e5, maxExpires: 6e5, nonceLifetime: 1e9 }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
        const harness = new Harness({ limits: { ...limits, maxBindings: 3, maxDevices: 2 } })
        for (const one of steps) {
          harness.clock.advance(one.pauseMs)
          const before = {
            bindings: await harness.bindings(one.user),
            devices: await harness.store.listDevices(),
          }
          const answer = await harness.register(spec(one))
          const bindings = await harness.bindings(one.user)
          const devices = await harness.store.listDevices()
          if (answer.status !== 200) {
            expect({ bindings, devices }).toEqual(before)
            continue
          }
          const left = (expiresAt: number) => Math.ceil((expiresAt - harness.clock.now()) / 1e6)
          expect([...answer.headers('Contact')].sort()).toEqual(
            bindings.map((binding) => `${binding.contactHeader};expires=${left(binding.expiresAt)}`).sort(),
          )
          const live = devices.filter(({ push }) => push !== null)
          const tokens = live.map(({ push }) => push?.token)
          expect(new Set(tokens).size).toBe(tokens.length)
          expect(devices.every(({ push, retired }) => (push === null) === (retired !== null))).toBe(true)
          const instances = devices
            .filter(({ instance }) => instance)
            .map((device) => `${device.user} ${device.instance}`)
          expect(new Set(instances).size).toBe(instances.length)
          expect(live.filter(({ user }) => user === one.user).length).toBeLessThanOrEqual(2)
          expect(bindings.length).toBeLessThanOrEqual(3)
          const flows = bindings.flatMap(({ instance, regId }) =>
            regId === null ? [] : [`${instance} ${regId}`],
          )
          expect(new Set(flows).size).toBe(flows.length)
          const owners = new Map(devices.map((device) => [device.id, device.user]))
          for (const { deviceId, user } of bindings)
            if (deviceId !== null) expect(owners.get(deviceId)).toBe(user)
        }
      }),
      { numRuns: 200 },
    )
  })
})
