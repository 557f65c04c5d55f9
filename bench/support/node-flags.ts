import { readFileSync } from 'node:fs'

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}

/** Of node(1), as `npm start` and the image run the server with them: docs/operation.md says why. */
export const nodeFlags: readonly string[] =
  scripts['start']?.split(' ').filter((word) => word.startsWith('--')) ?? []
