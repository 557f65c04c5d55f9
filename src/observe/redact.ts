/** What stands in the place of a secret. */
export const SECRET = '[secret]'

const SECRET_NAMES =
  /^(?:(?:proxy-?)?authorization|(?:set-?)?cookie|credentials?|.*passw(?:or)?d|.*secret|.*tokens?|.*private-?_?key|pn-?prid)$/i

/** Secrets inside of texts: each pattern keeps its first group. */
const SECRET_TEXTS: readonly RegExp[] = [
  // Credentials of HTTP and SIP (RFC 6750 §2.1, RFC 7617).
  /\b((?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{6,}/gi,
  // A digest's response can be guessed at offline (RFC 7616 §5.8).
  /\b(response=)"[^"]*"/gi,
  // Who knows a device token can push to the device (RFC 8599 §4.1).
  /\b(pn-prid=)(?:"[^"]*"|[^;>,&\s"]+)/gi,
  // Passwords in URLs and SIP URIs.
  /((?:\/\/|\bsips?:)[^\s/:@;>]+:)[^\s/@;>]+(?=@)/gi,
]

/** Deeper than any of our records; cuts cycles too. */
const MAX_DEPTH = 8

/**
 * A copy fit for a log or a screen: values under names of secrets, and credentials within texts, are replaced by
 * {@link SECRET}; errors become plain objects with type, message and stack.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return '[deep]'
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  if (value instanceof Error) return redactError(value, depth)
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return redact((value.toJSON as () => unknown)(), depth + 1)
  }
  return redactFields(value, depth)
}

export function redactText(text: string): string {
  return SECRET_TEXTS.reduce((rest, pattern) => rest.replace(pattern, `$1${SECRET}`), text)
}

function redactFields(value: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, redactField(name, field, depth)]),
  )
}

function redactField(name: string, field: unknown, depth: number): unknown {
  const tells = field !== null && field !== undefined && typeof field !== 'boolean'
  return tells && SECRET_NAMES.test(name) ? SECRET : redact(field, depth + 1)
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  // Many of our errors have their name as a field; it is the type already.
  const { name: _name, ...fields } = redactFields(error, depth)
  return {
    type: error.name,
    message: redactText(error.message),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...fields,
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
    // A refused connection to a name with several addresses says nothing but in here.
    ...(error instanceof AggregateError ? { errors: redact(error.errors, depth + 1) } : {}),
  }
}
