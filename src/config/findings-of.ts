import type { z } from 'zod'
import type { Finding } from './problem.js'
import { createLocator } from './tree.js'
import type { Path, Tree } from './tree.js'

type Issue = z.core.$ZodIssue

/** Where in the file the schema's issues are, and what they say there. */
export function findingsOf(tree: Tree, issues: readonly Issue[]): Finding[] {
  const locate = createLocator(tree)

  const atKey = (path: Path, message: string): Finding => ({ at: locate(path).keyAt, path, message })
  const atValue = (path: Path, message: string, got?: unknown): Finding => {
    const { value, keyAt, found } = locate(path)
    if (!found || (value.kind === 'text' && value.absent)) return { at: keyAt, path, message }
    return {
      at: value.at,
      path,
      message: got === undefined ? message : `${message}, got ${described(got, value)}`,
    }
  }

  return issues.flatMap((issue): Finding[] => {
    const path = issue.path as Path
    switch (issue.code) {
      case 'unrecognized_keys': {
        const messages = issue.message.split('\n')
        return issue.keys.map((key, index) => atKey([...path, key], messages[index] ?? 'unknown key'))
      }
      case 'invalid_key':
        return [atKey(path, issue.issues[0]?.message ?? 'not a name that can be used here')]
      case 'invalid_type': {
        const expected = issue.expected === 'array' ? 'a list' : 'keys and values'
        return [atValue(path, ...required(`expected ${expected}`, issue.input))]
      }
      case 'invalid_value':
        return [atValue(path, ...required(`expected ${listed(issue.values)}`, issue.input))]
      case 'invalid_union': {
        const options = 'options' in issue ? (issue.options as unknown[]).filter(isText) : []
        const parent = issue.input
        const input = isRecord(parent) ? parent[String(path.at(-1))] : parent
        return [atValue(path, ...required(`expected ${listed(options)}`, input))]
      }
      case 'custom':
        return [atValue(path, issue.message, issue.params?.got)]
      case 'too_small':
      case 'too_big':
      case 'invalid_format':
      case 'not_multiple_of':
      case 'invalid_element':
        return [atValue(path, issue.message)]
      default:
        return issue satisfies never
    }
  })
}

/** `expected …` where something is there, `is required: …` where nothing is. */
function required(message: string, input: unknown): [message: string, got: unknown] {
  return input === undefined ? [message.replace(/^expected/, 'is required:'), undefined] : [message, input]
}

function listed(values: readonly unknown[]): string {
  const [only, ...more] = values.map(String)
  return more.length === 0 ? String(only) : `one of ${[only, ...more].join(', ')}`
}

/** What was written. What came of a variable is not told: it may be a secret. */
function described(got: unknown, value: Tree): string {
  if (Array.isArray(got)) return 'a list'
  if (typeof got === 'object') return 'keys and values'
  if (value.kind === 'text' && value.text.includes('${')) return 'something else from the environment'
  const text = typeof got === 'string' ? got : JSON.stringify(got)
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
