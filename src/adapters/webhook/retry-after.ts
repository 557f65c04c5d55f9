/**
 * Milliseconds that a Retry-After header asks for (RFC 9110 §10.2.3): seconds, or an HTTP date, which is measured
 * against the sender's own Date where it gave one, so that the two clocks need not agree. Undefined where the
 * header is absent or is neither.
 *
 * @param now milliseconds since the epoch
 */
export function retryAfterMs(
  header: string | undefined,
  date: string | undefined,
  now: number,
): number | undefined {
  const value = header?.trim() ?? ''
  if (/^\d+$/.test(value)) return Number(value) * 1000
  // Date.parse takes far more than HTTP dates, small negative numbers among them.
  const at = /^[A-Za-z]{3}/.test(value) ? Date.parse(value) : NaN
  if (Number.isNaN(at)) return undefined
  const sent = Date.parse(date ?? '')
  return Math.max(0, at - (Number.isNaN(sent) ? now : sent))
}
