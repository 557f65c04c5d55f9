import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address } from '../../../src/demo/index.js'

const EXAMPLES = join(import.meta.dirname, '../../../examples/trunks')

export function example(...path: readonly string[]): string {
  return join(EXAMPLES, ...path)
}

/** The text of an example, with each of its addresses replaced; a replacement that finds nothing is an error. */
export async function adapted(file: string, replacements: Readonly<Record<string, string>>): Promise<string> {
  let text = await readFile(file, 'utf8')
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
    text = text.replaceAll(from, to)
  }
  return text
}

export function authority({ host, port }: Address): string {
  return `${host}:${port}`
}

/** A folder of its own for a program, gone afterwards. */
export class Folder {
  private constructor(readonly path: string) {}

  static async make(name: string): Promise<Folder> {
    return new Folder(await mkdtemp(join(tmpdir(), `reveille-${name}-`)))
  }

  file(name: string): string {
    return join(this.path, name)
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}

/** Options of `setpriv` for a program that ends when this process does, even where that is killed: nobody cleans up then. */
export const tiedToUs = ['--pdeathsig', 'TERM'] as const
