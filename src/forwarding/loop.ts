import type { ForwardedInvite } from './forwarded-invite.js'
import type { SameNumber } from './phone-numbers.js'
import type { Subscriber } from './subscribers.js'

/**
 * Why an INVITE at a DID must ring nobody: it is ours, or came by a secondary that forwards its calls to the DID.
 * Undefined where it may.
 */
export function loopOf(
  { ours, diverting }: ForwardedInvite,
  atDid: readonly Subscriber[],
  same: SameNumber,
): string | undefined {
  if (ours) return 'an INVITE of ours came back'
  const [subscriber] = atDid
  if (subscriber === undefined) return undefined
  const twice = diverting.find((number, at) =>
    diverting.slice(0, at).some((before) => same(before, number, subscriber.country)),
  )
  if (twice !== undefined) return `${twice} has forwarded the call twice`
  const secondary = diverting.find((number) => isSecondary(number, atDid, same))
  return secondary === undefined ? undefined : `the secondary ${secondary} forwards to the DID`
}

/** A subscriber may be another one's secondary, and forwards its own calls by right. */
function isSecondary(number: string, atDid: readonly Subscriber[], same: SameNumber): boolean {
  if (atDid.some((one) => same(one.number, number, one.country))) return false
  return atDid.some((one) => one.secondaryNumbers.some((each) => same(each, number, one.country)))
}
