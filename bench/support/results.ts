import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const RESULTS = fileURLToPath(new URL('../RESULTS.md', import.meta.url))
const DIRECTORY = fileURLToPath(new URL('../results/', import.meta.url))

const PLOTS = fileURLToPath(new URL('../plots/', import.meta.url))

const HEAD = `# Results

Each part was written by the command that it names, whole, on the machine that it names; none of it is written by hand.
`

/** An SVG that goes with a part. */
export interface Plot {
  /** Of its file, without the ending. */
  readonly name: string
  readonly title: string
  readonly svg: string
}

/**
 * Writes the JSON of a run and its plots, and puts its part into RESULTS.md, with the plots at its end, in place of that
 * of an earlier run.
 */
export async function keepResults(
  name: string,
  json: object,
  part: string,
  plots: readonly Plot[] = [],
): Promise<void> {
  await mkdir(DIRECTORY, { recursive: true })
  await writeFile(`${DIRECTORY}${name}.json`, `${JSON.stringify(json, null, 2)}\n`)
  await mkdir(PLOTS, { recursive: true })
  for (const plot of plots) await writeFile(`${PLOTS}${plot.name}.svg`, plot.svg)
  const images = plots.map(({ name: file, title }) => `![${title}](plots/${file}.svg)`)
  await writeFile(RESULTS, withPart(await present(), name, [part.trim(), ...images].join('\n\n')))
}

/** The text with this part in it, at its old place or at the end. */
export function withPart(text: string, name: string, part: string): string {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`]
  const whole = `${begin}\n\n${part.trim()}\n\n${end}`
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) return `${text.trimEnd()}\n\n${whole}\n`
  return text.slice(0, from) + whole + text.slice(to + end.length)
}

async function present(): Promise<string> {
  try {
    return await readFile(RESULTS, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return HEAD
    throw error
  }
}
