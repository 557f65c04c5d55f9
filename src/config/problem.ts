import type { Path } from './tree.js'

/** One thing that is wrong in the file. Lines and columns count from 1. */
export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** As it is written in the file: `users.alice.numbers[0]`; empty where the file as a whole is meant. */
  readonly key: string
  readonly message: string
}

/** Everything that is wrong in a configuration, in the order of the file; its message is one line a problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(lineOf).join('\n'))
  }
}

function lineOf({ file, line, column, key, message }: Problem): string {
  const place = line === 0 ? file : `${file}:${String(line)}:${String(column)}`
  return [place, ...(key === '' ? [] : [key]), message].join(': ')
}

/** A problem before its offset is a line. */
export interface Finding {
  readonly at: number
  readonly path: Path
  readonly message: string
}

/** Says what is wrong at a place. */
export type Complain = (path: Path, message: string) => void

/** In the order of the file. */
export function toProblems(file: string, text: string, findings: readonly Finding[]): Problem[] {
  const starts = lineStarts(text)
  return [...findings]
    .sort((a, b) => a.at - b.at)
    .map(({ at, path, message }) => ({ file, ...placeOf(starts, at), key: keyOf(path), message }))
}

/** `users.alice.numbers[0]` */
export function keyOf(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${String(step)}]`
      const name = /^[\w+@*#-]+$/.test(step) ? step : JSON.stringify(step)
      return index === 0 ? name : `.${name}`
    })
    .join('')
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function placeOf(starts: readonly number[], at: number): { line: number; column: number } {
  let [low, high] = [0, starts.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((starts[middle] ?? 0) <= at) low = middle
    else high = middle
  }
  return { line: low + 1, column: at - (starts[low] ?? 0) + 1 }
}
