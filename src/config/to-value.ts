import { substitute } from './environment.js'
import type { Environment } from './environment.js'
import type { Finding } from './problem.js'
import type { Tree } from './tree.js'

/** What the schema reads: objects, lists and texts; what was left empty is undefined. */
export type Value = string | undefined | Value[] | { [key: string]: Value }

/** Builds the value of a tree, environment variables put in. */
export function toValue(
  tree: Tree,
  environment: Environment,
): { value: Value; findings: readonly Finding[] } {
  const findings: Finding[] = []
  const path: (string | number)[] = []

  const build = (node: Tree): Value => {
    if (node.kind === 'text') return node.absent ? undefined : textOf(node.text, node.at)
    if (node.kind === 'list') return node.items.map((item, index) => under(index, item))
    const value = Object.create(null) as { [key: string]: Value }
    for (const entry of node.entries) {
      if (entry.key in value || entry.key === '__proto__') {
        const message = entry.key in value ? 'this key is here twice' : 'this cannot be a key'
        findings.push({ at: entry.at, path: [...path, entry.key], message })
      } else {
        value[entry.key] = under(entry.key, entry.value)
      }
    }
    return value
  }
  const under = (step: string | number, node: Tree): Value => {
    path.push(step)
    const value = build(node)
    path.pop()
    return value
  }
  const textOf = (text: string, at: number): string =>
    substitute(text, environment, (message) => findings.push({ at, path: [...path], message }))

  return { value: build(tree), findings }
}
