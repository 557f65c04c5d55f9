/** `+15550100`, `0015550100` and `15550100` are one number. */
export function plainNumber(number: string): string {
  return number.replace(/^(\+|00)/, '')
}

/** `pattern`: an exact number, or a prefix that ends in `*`. */
export function matchesPattern(pattern: string, number: string): boolean {
  if (!pattern.endsWith('*')) return plainNumber(pattern) === plainNumber(number)
  return plainNumber(number).startsWith(plainNumber(pattern.slice(0, -1)))
}

/** Longer than any number that is dialled (E.164 §6: 15 digits), prefixes and extensions included. */
const LONGEST = 40

/** A number as somebody wrote it, without what separates digits for the eye; undefined where it is none. */
export function bareNumber(text: string): string | undefined {
  const bare = text.replace(/[().\s-]/g, '')
  return bare.length <= LONGEST && /^(?:\+[0-9]+|[0-9*#]+)$/.test(bare) ? bare : undefined
}
