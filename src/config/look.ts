/** Looks into values as they were written, of whatever shape: what is not as expected is not there. */
import type { Path } from './tree.js'
import type { Value } from './to-value.js'

export type Entries = readonly (readonly [name: string, value: Value])[]

export function at(value: Value, key: string): Value {
  return typeof value === 'object' && !Array.isArray(value) ? value[key] : undefined
}

export function entriesOf(value: Value): [string, Value][] {
  return typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : []
}

export function itemsOf(value: Value | readonly Value[]): readonly Value[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: Value): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Without what separates digits for the eye. */
export function bareNumber(value: Value): string {
  return (textOf(value) ?? '').replace(/[().\s-]/g, '')
}

/** `+15550100`, `0015550100`, `1 555 0100` and `15550100` are one number. */
export function plainNumber(value: Value): string {
  return bareNumber(value).replace(/^(?:\+|00)/, '')
}

/** A value and where it stands. */
export interface Place {
  readonly path: Path
  readonly value: Value
}

export function placesIn(path: Path, list: Value | readonly Value[]): Place[] {
  return itemsOf(list).map((value, index) => ({ path: [...path, index], value }))
}
