import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../../src/config/index.js'

const FILE = resolve('package.json')
const SECRET = 'x'.repeat(32)

/** What is said of the configuration, a line a problem. */
function problems(yaml: string): string {
  try {
    parseConfig(yaml, 'reveille.yaml', {})
    return ''
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

describe('the keys of tokens', () => {
  it('are a secret or a file, by their algorithm', () => {
    const { tokens } = parseConfig(
      `tokens:
  client-lifetime: 1h
  keys:
    - {id: k3, algorithm: EdDSA, key-file: package.json}
    - {id: k2, algorithm: ES256, key-file: ./package.json}
    - {id: k1, algorithm: HS256, secret: "\${TOKEN_SECRET}"}
`,
      'reveille.yaml',
      { TOKEN_SECRET: SECRET },
    )
    expect(tokens).toEqual({
      clientLifetime: 3_600_000,
      keys: [
        { id: 'k3', algorithm: 'EdDSA', keyFile: FILE },
        { id: 'k2', algorithm: 'ES256', keyFile: FILE },
        { id: 'k1', algorithm: 'HS256', secret: SECRET },
      ],
    })
  })

  it.each([
    ['a secret that is short', '{id: a, algorithm: HS256, secret: hunter2}', /secret: expected at least 32/],
    ['a secret of ES256', `{id: a, algorithm: ES256, secret: ${SECRET}}`, /unknown key/],
    ['a file that is not there', '{id: a, algorithm: EdDSA, key-file: gone.pem}', /a file that exists/],
    ['an algorithm that is none', '{id: a, algorithm: none}', /algorithm/],
    ['no id', `{algorithm: HS256, secret: ${SECRET}}`, /id/],
  ])('are an error with %s', (_name, key, message) => {
    const said = problems(`tokens: {keys: [${key}]}`)
    expect(said).toMatch(message)
    expect(said).not.toMatch(/hunter2|xxx/)
  })

  it('are no two of one id', () => {
    const key = `{id: a, algorithm: HS256, secret: ${SECRET}}`
    expect(problems(`tokens: {keys: [${key}, ${key}]}`)).toMatch(/keys\[1\]\.id: is the id of two keys/)
  })
})
