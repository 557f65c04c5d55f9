import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { Document, ParsedNode, YAMLMap } from 'yaml'
import type { Finding } from './problem.js'
import { isNothing } from './tree.js'
import type { Entry, Tree } from './tree.js'

export interface Reading {
  readonly tree: Tree
  /** What keeps the text from being YAML that a configuration can be; the tree is of no use then. */
  readonly findings: readonly Finding[]
}

/** Reads any YAML 1.2, aliases included. */
export function readYaml(text: string): Reading {
  // Its own check for doubled keys compares each key with all others; ours is made while values are built.
  const document = parseDocument(text, { schema: 'failsafe', uniqueKeys: false, prettyErrors: false })
  const findings = [...document.errors, ...document.warnings].map(({ pos, code, message }) => ({
    at: pos[0],
    path: [],
    message: code === 'MULTIPLE_DOCS' ? 'a second document begins here' : `not valid YAML: ${message}`,
  }))
  const converter = new Converter(document, findings)
  const tree =
    findings.length === 0 && document.contents !== null ? converter.convert(document.contents) : nothing(0)
  return { tree, findings }
}

function nothing(at: number): Tree {
  return { kind: 'text', at, text: '', absent: true }
}

class Converter {
  /** An aliased node is converted once, and all its uses share it. */
  readonly #done = new Map<unknown, Tree>()
  readonly #underWay = new Set<unknown>()

  constructor(
    private readonly document: Document,
    private readonly findings: Finding[],
  ) {}

  convert(node: ParsedNode): Tree {
    const at = node.range[0]
    if (isAlias(node)) return this.#alias(node.resolve(this.document) as ParsedNode | undefined, at)
    if (isScalar(node)) {
      const text = String(node.value)
      return { kind: 'text', at, text, absent: node.type === 'PLAIN' && isNothing(text) }
    }
    this.#underWay.add(node)
    const tree: Tree = isMap(node)
      ? { kind: 'map', at, entries: this.#entries(node) }
      : {
          kind: 'list',
          at,
          items: isSeq(node) ? node.items.map((item) => this.convert(item)) : [],
        }
    this.#underWay.delete(node)
    this.#done.set(node, tree)
    return tree
  }

  #alias(target: ParsedNode | undefined, at: number): Tree {
    if (target === undefined || this.#underWay.has(target)) {
      this.findings.push({ at, path: [], message: 'an alias cannot stand for what it is a part of' })
      return nothing(at)
    }
    return this.#done.get(target) ?? this.convert(target)
  }

  #entries(map: YAMLMap<ParsedNode, ParsedNode | null>): Entry[] {
    return map.items.map(({ key, value }) => {
      const at = key.range[0]
      if (!isScalar(key)) this.findings.push({ at, path: [], message: 'a key must be text' })
      const name = isScalar(key) ? String(key.value) : ''
      return { key: name, at, value: value === null ? nothing(at) : this.convert(value) }
    })
  }
}
