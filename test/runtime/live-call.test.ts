import { expect, test } from 'vitest'
import type { Next, Session } from '../../src/instructions/step.js'
import type { IncomingCall } from '../../src/ports/signaling.js'
import { type CallOwner, LiveCall } from '../../src/runtime/live-call.js'
import { expectedOrigin } from '../../src/runtime/origin.js'
import type { Services } from '../../src/runtime/services.js'
import type { RingRequest } from '../../src/routing/ring.js'
import { FakeClock } from '../support/fake-clock.js'
import { RecordingLog } from '../wake/recording-log.js'

const MENU = { kind: 'instructions', name: 'menu' } as const

test('a call that is over is for nobody any more, whatever its instructions still say', async () => {
  const log = new RecordingLog()
  const concerned: string[] = []
  let say: (next: Next) => void = () => undefined
  const session: Session = {
    next: () => new Promise((resolve) => (say = resolve)),
    ended: () => Promise.resolve(),
  }
  const services = {
    ...{ log, clock: new FakeClock(), media: { servers: [] }, table: () => ({}) },
    settings: { domain: 'here.test', country: 'us' },
    regions: { configured: false },
    observer: { call: () => undefined, happened: () => undefined, released: () => undefined },
    instructions: { begin: () => session },
    router: {
      aim: () => MENU,
      owner: () => null,
      usersRung: () => ['alice'],
      ring: () => new Promise(() => {}),
    },
  } as unknown as Services
  const owner: Pick<CallOwner, 'concerns'> & Partial<CallOwner> = {
    concerns: (_call, users) => void concerned.push(...users),
    ended: () => undefined,
    released: () => undefined,
  }
  const origin = expectedOrigin('c1', 'g', { number: null, name: null })
  let cancel: () => void = () => undefined
  const invite: Partial<IncomingCall> = {
    ...{ offer: 'v=0', gateway: 'g' },
    onCancel: (told) => void (cancel = () => told(undefined)),
  }
  const call = new LiveCall('c1', origin, '7000', services, owner as CallOwner)
  const terms = { ringback: 'ringing', tone: 'us', accept: 'tone', trusted: false } as const
  call.invited(invite as IncomingCall, terms, MENU)
  cancel()
  expect(call.phase).toBe('ended')
  say({ kind: 'ring', ring: {} as RingRequest })
  await new Promise((resolve) => setImmediate(resolve))
  expect(concerned).toEqual([])
  expect(log.at('error')).toEqual([])
})
