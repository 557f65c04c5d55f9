import { readPlain } from './read-plain.js'
import { readYaml } from './read-yaml.js'
import type { Reading } from './read-yaml.js'

/** Reads a configuration's text; {@link readYaml} has the last word on whatever is not plainly right. */
export function read(text: string): Reading {
  const tree = readPlain(text)
  return tree === undefined ? readYaml(text) : { tree, findings: [] }
}
