/**
 * JSON that jsonb takes: NUL and lone surrogates, which JavaScript strings may hold and PostgreSQL refuses, become
 * U+FFFD. `JSON.stringify` writes both as escapes; escapes are matched one by one, so that an escaped backslash
 * before a `u` is not taken for one.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value).replace(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g, (escape) =>
    escape.length > 2 ? '\ufffd' : escape,
  )
}
