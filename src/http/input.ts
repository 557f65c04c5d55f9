import type { z } from 'zod'
import { Problem, type ProblemMembers } from './problem.js'

/** Where a part of a request is from. */
export type Place = 'path' | 'query' | 'body'

/** @throws Problem `bad-request` that names each field that is wrong */
export function readInput(schema: z.ZodType | undefined, place: Place, value: unknown): unknown {
  if (schema === undefined) return undefined
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const errors = parsed.error.issues.map((issue) => errorOf(issue, place))
  const [first] = errors
  const where = first?.parameter ?? (first?.pointer === '#' ? 'The body' : first?.pointer)
  throw new Problem('bad-request', `${where ?? `The ${place}`}: ${first?.detail ?? 'not understood'}`, {
    members: { errors },
  })
}

type FieldError = NonNullable<ProblemMembers['errors']>[number]

function errorOf(issue: z.core.$ZodIssue, place: Place): FieldError {
  // What is too much stands in the message only, and is at fault itself.
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path
  if (place === 'body') return { pointer: `#${path.map(segment).join('')}`, detail: issue.message }
  return { parameter: path.map(String).join('.'), detail: issue.message }
}

/** RFC 6901 §3 and §6. */
function segment(key: PropertyKey): string {
  return `/${encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1'))}`
}
