import type { z } from 'zod'
import { leaf } from './leaf.js'

/** What the schema has to know of the world. */
export interface Files {
  /** Makes a path absolute; relative ones start at the folder of the configuration file. */
  resolve(path: string): string
  exists(path: string): boolean
}

const PATH = { type: 'string' }

/** A file that must be there. In the configuration: its absolute path. */
export function file(files: Files): z.ZodType<string> {
  return leaf(
    (value) => {
      const path = value === '' ? undefined : files.resolve(value)
      return path !== undefined && files.exists(path) ? path : undefined
    },
    { expected: 'the name of a file that exists', json: PATH },
  )
}

/** A folder, which may be made later. In the configuration: its absolute path. */
export function folder(files: Files): z.ZodType<string> {
  return leaf((value) => (value === '' ? undefined : files.resolve(value)), {
    expected: 'the name of a folder',
    json: PATH,
  })
}
