import { mkdtempSync, readdirSync, readFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import type { Transition } from './world.js'

const SOURCE = fileURLToPath(new URL('../../src/call/', import.meta.url))

export interface Mutant {
  readonly name: string
  readonly file: string
  readonly source: string
}

function sources(): readonly string[] {
  return readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'))
}

/** One mutant for each `if` of the machine: its condition never holds. */
export function guardsRemoved(): readonly Mutant[] {
  return sources().flatMap((file) => {
    const source = readFileSync(join(SOURCE, file), 'utf8')
    const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2023, true)
    const found: Mutant[] = []
    const visit = (node: ts.Node): void => {
      if (ts.isIfStatement(node)) {
        const { expression: condition } = node
        const text = condition.getText(tree)
        found.push({
          name: `${file}: if (${text.replace(/\s+/g, ' ')})`,
          file,
          source: `${source.slice(0, condition.getStart(tree))}false as boolean && (${text})${source.slice(condition.end)}`,
        })
      }
      ts.forEachChild(node, visit)
    }
    visit(tree)
    return found
  })
}

/** Compiles the machine, with one file of it replaced, and loads its transition. */
export async function load(mutant: Mutant | undefined): Promise<Transition> {
  const target = mkdtempSync(join(tmpdir(), 'reveille-call-'))
  for (const file of sources()) {
    const source = mutant?.file === file ? mutant.source : readFileSync(join(SOURCE, file), 'utf8')
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    })
    const out = join(target, file.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(out), { recursive: true })
    writeFileSync(out, outputText)
  }
  writeFileSync(join(target, 'package.json'), '{"type":"module"}')
  const url = pathToFileURL(join(target, 'transition.js')).href
  const module = (await import(/* @vite-ignore */ url)) as { transition: Transition }
  return module.transition
}
