import type { Leg } from '../ports/signaling.js'
import type { CallerSide } from './caller-side.js'
import type { DeviceSide } from './device-side.js'

/**
 * Joins the media of an answered device with the caller's and answers the caller, so that it hears the callee with
 * its 200. A caller without an offer gets ours in the 200, and is joined once its ACK has brought the answer.
 * Rejects with MediaError or SipFailure.
 */
export async function connect(caller: CallerSide, device: DeviceSide): Promise<Leg> {
  const [endpoint] = await Promise.all([caller.endpoint(), device.acceptAnswer()])
  if (caller.invite.offer === '') {
    const leg = await caller.answer()
    await endpoint.join(device.endpoint)
    return leg
  }
  await endpoint.join(device.endpoint)
  return caller.answer()
}
