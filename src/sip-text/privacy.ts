/** The kinds of privacy that Privacy headers ask for (RFC 3323 §4.2), in lower case. */
export function privacyOf(values: readonly string[]): ReadonlySet<string> {
  return new Set(values.flatMap((value) => value.split(';').map((kind) => kind.trim().toLowerCase())))
}

/** Whether the caller is to stay unnamed. */
export function hidesCaller(values: readonly string[]): boolean {
  const asked = privacyOf(values)
  return asked.has('id') || asked.has('user') || asked.has('header')
}
