/**
 * One text of several, for what is kept: a text from a template V8 keeps as the tree of its pieces, in several times the
 * memory, for as long as it lives.
 */
export function oneText(separator: string, ...parts: readonly (string | number | undefined)[]): string {
  return parts.join(separator)
}
