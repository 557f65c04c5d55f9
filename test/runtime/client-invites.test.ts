import { expect, test } from 'vitest'
import type { Permitted } from '../../src/outgoing/outgoing.js'
import type { Final, IncomingCall } from '../../src/ports/signaling.js'
import { Calls } from '../../src/runtime/calls.js'
import type { Services } from '../../src/runtime/services.js'
import { tableOf } from '../routing/support/site.js'
import { FakeClock } from '../support/fake-clock.js'
import { RecordingLog } from '../wake/recording-log.js'

/** Calls whose services are there only as far as an INVITE gets. */
function callsWhere(admit: Services['calling']['admit']) {
  const log = new RecordingLog()
  const refused: number[] = []
  const services = {
    ...{ log, clock: new FakeClock(), table: () => tableOf({}), calling: { admit } },
    settings: { minSe: 90 },
    signaling: { gateways: [] },
    observer: { refused: (status: number) => void refused.push(status) },
  }
  return { log, refused, calls: new Calls(services as unknown as Services) }
}

function invite() {
  let told: (final: Final) => void
  const answered = new Promise<Final>((resolve) => (told = resolve))
  const call = {
    ...{ method: 'INVITE', uri: 'sip:bob@example.net', callId: 'c', gateway: 'g', offer: '', body: '' },
    source: { protocol: 'udp', address: '192.0.2.7', port: 5060 },
    header: () => undefined,
    headers: () => [],
    onCancel: () => undefined,
    reject: (final: Final) => Promise.resolve(told(final)),
  }
  return { answered, call: call as unknown as IncomingCall }
}

test('a client gets an answer also where it cannot be known who calls', async () => {
  const fault = new Error('a fault of ours')
  const { calls, log, refused } = callsWhere(() => Promise.reject(fault))
  const { call, answered } = invite()
  calls.invite(call)
  expect(await answered).toEqual({ status: 500 })
  expect(refused).toEqual([500])
  expect(log.at('error')).toMatchObject([{ fields: { err: fault } }])
})

test('a call that cannot be begun is refused, and counts no more', async () => {
  let over = 0
  const permitted = { kind: 'permitted', client: 'alice', called: 'bob', done: () => void over++ }
  // Without an identity there is no call to be made of it.
  const { calls } = callsWhere(() => Promise.resolve(permitted as unknown as Permitted))
  const { call, answered } = invite()
  calls.invite(call)
  expect(await answered).toEqual({ status: 500 })
  expect(over).toBe(1)
  expect(calls.gauges).toMatchObject({ calls: 0, legs: 0 })
})
