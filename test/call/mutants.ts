import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileFunction } from 'node:vm'
import ts from 'typescript'
import type { Transition } from './referee/check.js'

const SOURCE = fileURLToPath(new URL('../../src/call/', import.meta.url))

/** One small change of the machine's source. */
export interface Mutant {
  readonly name: string
  readonly file: string
  readonly source: string
}

interface Edit {
  readonly what: string
  readonly node: ts.Node
  readonly text: string
}

export type Kind = (node: ts.Node, text: (of: ts.Node) => string) => readonly Edit[]

const files: readonly string[] = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.ts'))
  .sort()
const original = new Map(files.map((f) => [f, readFileSync(join(SOURCE, f), 'utf8')]))
const compiled = new Map<string, string>()

/** A guard is removed: its condition never holds. */
const guardRemoved: Kind = (node, text) =>
  ts.isIfStatement(node)
    ? [{ what: `without if (${text(node.expression)})`, node: node.expression, text: 'false' }]
    : []

/** A guard always bites. */
const guardAlways: Kind = (node, text) =>
  ts.isIfStatement(node)
    ? [{ what: `always if (${text(node.expression)})`, node: node.expression, text: 'true' }]
    : []

/** Half of a condition is gone. */
const halfCondition: Kind = (node, text) => {
  if (!ts.isBinaryExpression(node)) return []
  const { kind } = node.operatorToken
  if (kind !== ts.SyntaxKind.AmpersandAmpersandToken && kind !== ts.SyntaxKind.BarBarToken) return []
  return [node.left, node.right].map((half) => ({
    what: `only ${text(half)} of ${text(node)}`,
    node,
    text: `(${text(half)})`,
  }))
}

/** A choice always falls to the same side. */
const choiceMade: Kind = (node, text) =>
  ts.isConditionalExpression(node)
    ? [
        { what: `always ${text(node.condition)} ?`, node: node.condition, text: 'true' },
        { what: `never ${text(node.condition)} ?`, node: node.condition, text: 'false' },
      ]
    : []

const OTHERWISE: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
])

/** A comparison means the contrary, or is off by one. */
const comparisonChanged: Kind = (node, text) => {
  if (!ts.isBinaryExpression(node)) return []
  const operator = OTHERWISE.get(node.operatorToken.kind)
  if (operator === undefined) return []
  const changed = `${text(node.left)} ${operator} ${text(node.right)}`
  return [{ what: `${changed}, not ${text(node.operatorToken)}`, node, text: changed }]
}

/** A step forgets one of its effects. */
const effectDropped: Kind = (node, text) => {
  if (!ts.isCallExpression(node) || text(node.expression) !== 'step') return []
  return node.arguments.slice(1).map((effect) => ({
    what: `without effect ${text(effect)}`,
    node,
    text: `step(${node.arguments
      .filter((a) => a !== effect)
      .map(text)
      .join(', ')})`,
  }))
}

/** What a step goes on to do is left out. */
const restDropped: Kind = (node, text) => {
  if (!ts.isCallExpression(node) || text(node.expression) !== 'andThen') return []
  const [first, rest] = node.arguments
  return first && rest ? [{ what: `without then ${text(rest)}`, node, text: text(first) }] : []
}

/** A phase does not hear an event. */
const eventIgnored: Kind = (node, text) => {
  if (!ts.isReturnStatement(node) || !ts.isCaseClause(node.parent)) return []
  const { expression } = node
  if (expression === undefined || !/state/.test(text(expression)) || text(expression) === 'stay(state)')
    return []
  return [
    {
      what: `deaf to ${text(node.parent.expression)}: ${text(expression)}`,
      node: expression,
      text: 'stay(state)',
    },
  ]
}

/** A step forgets to note one thing. */
const notNoted: Kind = (node, text) => {
  if (!ts.isObjectLiteralExpression(node) || !node.properties.some(ts.isSpreadAssignment)) return []
  return node.properties
    .filter((p) => !ts.isSpreadAssignment(p))
    .map((gone) => ({
      what: `without ${text(gone)} in ${text(node)}`,
      node,
      text: `{ ${node.properties
        .filter((p) => p !== gone)
        .map(text)
        .join(', ')} }`,
    }))
}

export const KINDS: Readonly<Record<string, Kind>> = {
  'a guard is removed': guardRemoved,
  'a guard always bites': guardAlways,
  'half of a condition is gone': halfCondition,
  'a choice always falls to one side': choiceMade,
  'a comparison is wrong': comparisonChanged,
  'an effect is forgotten': effectDropped,
  'the rest of a step is left out': restDropped,
  'a phase is deaf to an event': eventIgnored,
  'a step does not note something': notNoted,
}

/** Each place of the machine where such a change can be made. Their names are distinct. */
export function mutants(kind: Kind): readonly Mutant[] {
  const found = files.flatMap((file) => mutantsOf(file, kind))
  const seen = new Map<string, number>()
  return found.map((mutant) => {
    const nth = (seen.get(mutant.name) ?? 0) + 1
    seen.set(mutant.name, nth)
    return nth === 1 ? mutant : { ...mutant, name: `${mutant.name} (${nth})` }
  })
}

function mutantsOf(file: string, kind: Kind): readonly Mutant[] {
  const source = original.get(file) ?? ''
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2023, true)
  const text = (node: ts.Node): string => node.getText(tree)
  const found: Mutant[] = []
  const visit = (node: ts.Node, where: string): void => {
    for (const edit of kind(node, text)) {
      const [before, after] = [source.slice(0, edit.node.getStart(tree)), source.slice(edit.node.end)]
      const name = `${file} ${where}: ${edit.what.replace(/\s+/g, ' ')}`
      found.push({ name, file, source: `${before}${edit.text}${after}` })
    }
    const inner = ts.isFunctionDeclaration(node) ? (node.name?.text ?? where) : where
    ts.forEachChild(node, (child) => visit(child, inner))
  }
  visit(tree, '')
  return found
}

/** The machine's transition, with one file of it replaced, compiled apart from every other. */
export function load(mutant: Mutant | undefined): Transition {
  const loaded = new Map<string, object>()
  const require = (path: string): object => {
    const file = path.replace(/\.js$/, '.ts')
    const known = loaded.get(file)
    if (known !== undefined) return known
    const exports = {}
    loaded.set(file, exports)
    const code = mutant?.file === file ? compile(mutant.source) : compiledFile(file)
    const body = compileFunction(code, ['exports', 'require']) as (exports: object, require: object) => void
    body(exports, (relative: string) => require(normalize(join(dirname(file), relative))))
    return exports
  }
  return (require('transition.js') as { transition: Transition }).transition
}

function compiledFile(file: string): string {
  const known = compiled.get(file)
  if (known !== undefined) return known
  const code = compile(original.get(file) ?? '')
  compiled.set(file, code)
  return code
}

function compile(source: string): string {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
  })
  return outputText
}
