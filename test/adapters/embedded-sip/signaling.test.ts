import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEmbeddedSignaling } from '../../../src/adapters/embedded-sip/signaling.js'
import { type SipServer, startSipServer } from '../../../src/embedded/sip/index.js'
import type { IncomingCall, Signaling } from '../../../src/ports/signaling.js'
import { Caller } from '../../embedded/sip/support/caller.js'
import { type Peer, TcpPeer, UdpPeer } from '../../embedded/sip/support/peer.js'
import { Queue } from '../../embedded/sip/support/queue.js'
import { SDP } from '../../embedded/sip/support/text.js'
import { QUICK, until } from '../../embedded/sip/support/world.js'
import { quietLog } from '../freeswitch/quiet-log.js'

const GONE = expect.objectContaining({ name: 'SipFailure', status: 503 }) as Error

let server: SipServer
let signaling: Signaling
let calls: Queue<IncomingCall>
let peer: Peer

beforeEach(async () => {
  calls = new Queue()
  const listen = (['udp', 'tcp'] as const).map((protocol) => ({ protocol, host: '127.0.0.1', port: 0 }))
  server = await startSipServer({ listen, timers: { ...QUICK, timerH: 200 } })
  const unasked = (): void => undefined
  signaling = createEmbeddedSignaling(
    [{ name: 'embedded', server }],
    {
      invite: (call) => calls.push(call),
      ...{ register: unasked, options: unasked, other: unasked, gatewayLost: unasked, gatewayUp: unasked },
    },
    quietLog,
  )
})
afterEach(async () => {
  peer.close()
  await signaling.close()
  await server.close()
})

function at(protocol: 'udp' | 'tcp'): { host: string; port: number } {
  const point = server.listening.find((one) => one.protocol === protocol)
  if (point === undefined) throw new Error(`nothing listens on ${protocol}`)
  return point
}

test('a call whose connection is gone is over once its refusal could not be sent', async () => {
  peer = await TcpPeer.open(at('tcp'))
  new Caller(peer).invite()
  const call = await calls.next()
  await call.provisional({ status: 180 })
  await peer.status(180)
  peer.close()
  await until(() => server.stats().connections === 0, 'no connection')
  await expect(call.reject({ status: 480 })).rejects.toEqual(GONE)
  // Neither is tried any more.
  await call.reject({ status: 480 })
  await call.provisional({ status: 183 })
})

test('an answer that waits for a PRACK fails where the server goes', async () => {
  peer = await UdpPeer.open(at('udp'))
  new Caller(peer).invite({ headers: ['Require: 100rel'] })
  const call = await calls.next()
  await call.provisional({ status: 183, sdp: SDP })
  const answered = expect(call.answer({ sdp: SDP })).rejects.toEqual(GONE)
  await server.close()
  await answered
})

test('a call that is never acknowledged gets its BYE, also where its end meets an error', async () => {
  peer = await UdpPeer.open(at('udp'))
  new Caller(peer).invite()
  const leg = await (await calls.next()).answer({ sdp: SDP })
  leg.listen({
    ended: () => {
      throw new Error('an error of the application')
    },
    reoffered: () => Promise.resolve(SDP),
    info: () => Promise.resolve(200),
  })
  await peer.request('BYE')
})
