import type { DigestAlgorithm } from './digest.js'

/**
 * User agents in the field that give the registration up where any challenge names an algorithm that they do not
 * know, rather than pass it over as RFC 8760 §2.4 asks. Seen: baresip 1.0.0 ("Function not implemented"),
 * SIPp 3.6 ("authentication must use MD5 or AKAv1-MD5"), which has no User-Agent but the one that its scenario names.
 */
const GIVE_UP: readonly RegExp[] = [/^baresip v[01]\./i, /^SIPp\b/i]

/** What is offered to a user agent: everything, or only MD5 where more would lock it out. */
export function offeredTo(
  algorithms: readonly DigestAlgorithm[],
  userAgent: string | undefined,
): readonly DigestAlgorithm[] {
  const name = userAgent ?? ''
  const md5 = algorithms.filter((algorithm) => algorithm === 'MD5')
  return md5.length > 0 && GIVE_UP.some((pattern) => pattern.test(name)) ? md5 : algorithms
}
