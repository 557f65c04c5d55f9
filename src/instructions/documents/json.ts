import { readVerbs } from '../../config/index.js'
import type { Verb } from '../verbs.js'
import { DocumentFault } from './fault.js'

/**
 * The verbs of `{"do": [...]}`.
 *
 * @throws {@link DocumentFault}
 */
export function parseJsonDocument(text: string): readonly Verb[] {
  const verbs = readVerbs(listIn(parsed(text)))
  if (typeof verbs === 'string') throw new DocumentFault(verbs)
  return verbs
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new DocumentFault(`is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function listIn(document: unknown): unknown {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new DocumentFault('expected an object with the key do')
  }
  const other = Object.keys(document).find((key) => key !== 'do')
  if (other !== undefined) throw new DocumentFault(`${other}: unknown key; known here: do`)
  return 'do' in document ? document.do : undefined
}
