import type { CalleeLeg } from './callee-leg.js'
import type { CallerSide } from './caller-side.js'

/**
 * Joins the media of a callee's leg with the caller's and answers both, so that each hears the other with its 200. A
 * caller without an offer gets ours in the 200, and is joined once its ACK has brought the answer.
 * It may have its 200 already.
 *
 * @throws MediaError or SipFailure
 */
export async function connect(caller: CallerSide, callee: CalleeLeg): Promise<void> {
  const endpoint = await caller.endpoint()
  const other = await callee.media(endpoint)
  if (caller.delayedOffer) await caller.answer()
  await endpoint.join(other)
  await callee.confirm()
  await caller.answer()
}

/** Comfort audio for a callee whose caller is not there yet. Rejects with MediaError or SipFailure. */
export async function comfort(callee: CalleeLeg): Promise<void> {
  const endpoint = await callee.media()
  await endpoint.play({ kind: 'connecting' })
  await callee.confirm()
}

/** The callee hears that the caller does not come. Rejects with MediaError. */
export async function announce(callee: CalleeLeg, country: string): Promise<void> {
  await (await callee.media()).play({ kind: 'congestion', country })
}
