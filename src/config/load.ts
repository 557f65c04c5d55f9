import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { crossCheck } from './cross-check.js'
import type { Environment } from './environment.js'
import { findingsOf } from './findings-of.js'
import { ConfigError, keyOf, toProblems } from './problem.js'
import type { Finding } from './problem.js'
import { read } from './read.js'
import { configSchema } from './schema/index.js'
import type { Config } from './schema/index.js'
import { toValue } from './to-value.js'

/**
 * The configuration of a file; without a path, the defaults: loopback, and the embedded engines. Relative paths in it
 * start at the folder of the file, without a file at the working directory.
 *
 * @throws {@link ConfigError} with everything that is wrong
 */
export function loadConfig(path: string | undefined, environment: Environment): Config {
  if (path === undefined) return parseConfig('', 'reveille.yaml', environment)
  return parseConfig(textOf(path), path, environment)
}

/**
 * The configuration that a text is; `file` is its name for errors and for relative paths.
 *
 * @throws {@link ConfigError} with everything that is wrong
 */
export function parseConfig(text: string, file: string, environment: Environment): Config {
  const fail = (findings: readonly Finding[]) => new ConfigError(toProblems(file, text, findings))
  const { tree, findings: broken } = read(text)
  if (broken.length > 0) throw fail(broken)

  const { value, findings: unbuilt } = toValue(tree, environment)
  const folder = dirname(resolve(file))
  const files = { resolve: (path: string) => resolve(folder, path), exists: existsSync }
  const schema = configSchema(files)
  const result = schema.safeParse(value ?? {}, { reportInput: true })
  // What is wrong with a value that could not even be built follows from that.
  const told = new Set(unbuilt.map(({ path }) => keyOf(path)))
  const judged = [
    ...(result.success ? [] : findingsOf(tree, result.error.issues)),
    ...crossCheck(tree, value, files),
  ].filter(({ path }) => !told.has(keyOf(path)))
  const findings = [...unbuilt, ...judged]
  if (findings.length > 0 || !result.success) throw fail(findings)
  return result.data
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const reason = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${String(code ?? error)})`
    throw new ConfigError([{ file: path, line: 0, column: 0, key: '', message: reason }])
  }
}
