import { bareNumber } from '../routing/numbers.js'
import type { Wanted } from './destination.js'

/**
 * Whether patterns of a grant let a caller call there: a number or the beginning of one and `*`, `*` for any number,
 * `user:`, `client:` or `group:` with a name or `*`. A pattern with `+` or 00 is of international numbers only, any
 * other of local ones only: `7*` is not to allow a call to the country +7.
 */
export function permits(patterns: readonly string[], wanted: Exclude<Wanted, { kind: 'name' }>): boolean {
  return patterns.some((pattern) =>
    wanted.kind === 'number'
      ? permitsNumber(pattern, wanted.number)
      : permitsName(pattern, wanted.kind, wanted.name),
  )
}

function permitsName(pattern: string, kind: 'user' | 'group', name: string): boolean {
  const [, named, allowed] = /^(user|client|group):(.*)$/s.exec(pattern) ?? []
  if (named === undefined || (named === 'group') !== (kind === 'group')) return false
  return allowed === '*' || allowed === name
}

function permitsNumber(pattern: string, number: string): boolean {
  if (pattern === '*') return true
  const start = pattern.endsWith('*') ? pattern.slice(0, -1) : pattern
  const bare = start === '+' ? start : bareNumber(start)
  if (bare === undefined || bare === '') return false
  const wanted = bare.replace(/^00/, '+')
  return start === pattern ? number === wanted : number.startsWith(wanted)
}
