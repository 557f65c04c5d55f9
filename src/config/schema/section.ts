import { z } from 'zod'
import { nearest } from '../nearest.js'

/** `session-expires` -> `sessionExpires` */
export type CamelCase<Key extends string> = Key extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Key

/** The keys of one section as code names them. What is optional is left out, never undefined. */
export type CamelKeys<T> = {
  readonly [Key in keyof T as CamelCase<Key & string>]: Exclude<T[Key], undefined>
}

/** Says what is wrong with a section as a whole, or with one of its keys. */
export type Complain = (message: string, ...path: (string | number)[]) => void

/**
 * A map of known keys, written in kebab-case in the file and in camelCase in the configuration. An unknown key is an
 * error that names the nearest known one.
 */
export function section<S extends z.ZodRawShape>(shape: S) {
  return finished(shape, (value) => value)
}

/** A section that is looked at as a whole, and made into something, once each of its keys is right. */
export function finished<S extends z.ZodRawShape, T>(
  shape: S,
  finish: (value: CamelKeys<z.output<z.ZodObject<S, z.core.$strict>>>, complain: Complain) => T,
) {
  return z
    .strictObject(shape, {
      error: (issue) => (issue.code === 'unrecognized_keys' ? unknownKeys(issue.keys, shape) : undefined),
    })
    .transform((value, context): T => {
      const camel = Object.entries(value)
        .filter(([, each]) => each !== undefined)
        .map(([key, each]) => [camelCase(key), each] as const)
      return finish(Object.fromEntries(camel) as Parameters<typeof finish>[0], (message, ...path) => {
        context.addIssue({ code: 'custom', message, path })
      })
    })
}

/** One line a key, in the order of the keys: zod has room for one message an issue. */
function unknownKeys(keys: readonly string[], shape: object): string {
  const known = Object.keys(shape)
  return keys
    .map((key) => {
      const near = nearest(key, known)
      if (near !== undefined) return `unknown key; did you mean "${near}"?`
      return known.length === 0
        ? 'unknown key; none is known here'
        : `unknown key; known here: ${known.join(', ')}`
    })
    .join('\n')
}

export function camelCase(key: string): string {
  return key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

export function kebabCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Names that the file's author chose, which stay as they are, each with a value. */
export function named<T>(name: z.ZodType<string>, value: z.ZodType<T>) {
  return z
    .record(name, value)
    .transform((record): ReadonlyMap<string, T> => new Map(Object.entries(record)))
    .prefault({})
}

/** The key that says which variant a section is. */
export function tag<const T extends string>(name: T) {
  return z.literal(name)
}

/** The tag of the variant that a section is where it does not say. */
export function defaultTag<const T extends string>(name: T) {
  return z
    .literal(name)
    .optional()
    .transform((): T => name)
}
