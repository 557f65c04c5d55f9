import { describe, expect, it } from 'vitest'
import { format } from 'prettier'
import { configJsonSchema } from '../../src/config/index.js'

interface Schema {
  readonly properties: Readonly<Record<string, Schema & Readonly<Record<string, unknown>>>>
}

describe('the JSON Schema for editors', () => {
  it('is up to date (renew it with: npx vitest run test/config/json-schema.test.ts -u)', async () => {
    const text = await format(JSON.stringify(configJsonSchema()), { parser: 'json', printWidth: 110 })
    await expect(text).toMatchFileSnapshot('../../config/reveille.schema.json')
  })

  it('knows the keys, their defaults and what they are for', () => {
    const { properties } = configJsonSchema() as Schema
    expect(properties.http?.properties.port).toEqual({
      description: '0: a free port.',
      default: 8080,
      type: ['integer', 'string'],
      minimum: 0,
      maximum: 65535,
      pattern: '^\\d+$|\\$\\{',
    })
    expect(properties.http).toMatchObject({ type: 'object', additionalProperties: false })
  })
})
