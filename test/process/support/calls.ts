import { expect } from 'vitest'
import type { Caller, IncomingCall, OutgoingCall, Phone } from '../../../src/demo/index.js'

export interface Bridge {
  readonly call: OutgoingCall
  readonly incoming: IncomingCall
}

/** A call to a phone that is registered, up on both sides. */
export async function bridge(caller: Caller, phone: Phone): Promise<Bridge> {
  const call = await caller.call(`sip:${phone.options.user}@example.net`)
  // A refusal is told at once, in the stead of a phone that does not ring.
  const incoming = await Promise.race([phone.nextCall(), call.answered().then(() => phone.nextCall())])
  await call.answered()
  await incoming.established
  return { call, incoming }
}

/** Each side gets so many more packets from the other. */
export async function talk({ call, incoming }: Bridge, packets = 10): Promise<void> {
  await Promise.all(
    [call, incoming].map(({ media: { rtp } }) => {
      const wanted = rtp.received.packets + packets
      return rtp.receiver.until(`${packets} packets`, (received) => received.packets >= wanted, 10_000)
    }),
  )
}

/** The caller hangs up, and the phone hears of it. */
export async function finish({ call, incoming }: Bridge): Promise<void> {
  call.hangUp()
  expect(await incoming.ended).toMatchObject({ how: 'bye', by: 'them' })
}
