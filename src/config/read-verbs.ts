import type { z } from 'zod'
import { keyOf } from './problem.js'
import { camelCase, kebabCase } from './schema/section.js'
import { verbs } from './schema/verbs.js'
import type { Verb } from './schema/verb.js'

/** Deeper than verbs ever are. */
const DEEPEST = 12

/**
 * Verbs as JSON has them: those of the file, with keys in camelCase.
 *
 * @param value what JSON.parse gave
 * @returns the verbs, or the first thing that is wrong with them, its place ahead
 */
export function readVerbs(value: unknown): readonly Verb[] | string {
  if (deeperThan(value, DEEPEST)) return 'do: is nested too deep'
  const result = verbs.safeParse(spelled(value))
  if (result.success) return result.data
  const [issue] = result.error.issues
  return issue === undefined ? 'do: is wrong' : problemOf(issue)
}

function deeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((each) => deeperThan(each, depth - 1))
}

/** With the keys of the file. A key that is spelled as in the file already is none of JSON's. */
function spelled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(spelled)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, each]): [string, unknown] => [
    otherwise(key),
    spelled(each),
  ])
  return Object.fromEntries(entries)
}

/** The other spelling of a key: ours of theirs, and theirs of ours. */
function otherwise(key: string): string {
  return key.includes('-') ? camelCase(key) : kebabCase(key)
}

function problemOf(issue: z.core.$ZodIssue): string {
  const at = (...more: readonly string[]): string =>
    keyOf([
      'do',
      ...[...issue.path, ...more].map((step) => (typeof step === 'number' ? step : otherwise(String(step)))),
    ])
  // What is expected of a value is a value, not a key.
  const camel = (message: string): string =>
    message.startsWith('expected') ? message : message.replace(/[a-z]+-[a-z-]+/g, camelCase)
  switch (issue.code) {
    case 'unrecognized_keys':
      return `${at(issue.keys[0] ?? '')}: ${camel(issue.message.split('\n')[0] ?? 'unknown key')}`
    case 'invalid_type':
      return `${at()}: expected ${issue.expected === 'array' ? 'a list' : 'keys and values'}`
    case 'invalid_key':
      return `${at()}: ${issue.issues[0]?.message ?? 'not a key that can be used here'}`
    case 'invalid_value':
    case 'invalid_union':
    case 'custom':
    case 'too_small':
    case 'too_big':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_element':
      return `${at()}: ${camel(issue.message)}`
    default:
      return issue satisfies never
  }
}
