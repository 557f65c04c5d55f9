/** @throws Error that names the option where it is no number between these. */
export function numberOf(name: string, text: string, least: number, most = Infinity): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value < least || value > most)
    throw new Error(`--${name} must be ${least} or more${most < Infinity ? `, up to ${most}` : ''}: ${text}`)
  return value
}

/** @throws Error that names the option and what it may be. */
export function nameOf<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((other) => other === text)
  if (found === undefined) throw new Error(`--${name}: ${text} is none of ${known.join(', ')}`)
  return found
}

/** A text with a default, for parseArgs. */
export function optionText(value: string): { readonly type: 'string'; readonly default: string } {
  return { type: 'string', default: value }
}

/** A switch, for parseArgs. */
export const optionFlag = { type: 'boolean', default: false } as const
