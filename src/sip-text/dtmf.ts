/** By the number that RFC 4733 §3.2 gives a key. */
const KEYS = '0123456789*#ABCD'

/**
 * The key in the body of a SIP INFO request: `0` to `9`, `*`, `#`, `A` to `D`. Two forms are in use, and neither was
 * ever made a standard: `application/dtmf-relay`, whose line `Signal=` names it, and `application/dtmf`, which is the
 * key alone. Both may write a key by its number (`10` is `*`, `11` is `#`). Undefined for any other body, and for
 * what is no key: a pause, a hook flash.
 */
export function digitOf(contentType: string, body: string): string | undefined {
  switch (contentType.split(';')[0]?.trim().toLowerCase()) {
    case 'application/dtmf-relay':
      return keyOf(/^[ \t]*Signal[ \t]*=(.*)$/im.exec(body)?.[1] ?? '')
    case 'application/dtmf':
      return keyOf(body)
    default:
      return undefined
  }
}

function keyOf(text: string): string | undefined {
  const written = text.trim().toUpperCase()
  if (/^1[0-5]$/.test(written)) return KEYS[Number(written)]
  return written.length === 1 && KEYS.includes(written) ? written : undefined
}
