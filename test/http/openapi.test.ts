import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openApi } from '../../src/http/openapi/document.js'
import { operation } from '../../src/http/operation.js'
import { PROBLEM_TYPES } from '../../src/http/problem-types.js'
import { TestServer } from '../support/server.js'
import { startApi } from './support/api.js'
import { ApiDocument, type ApiOperation, type Document } from './support/api-document.js'
import { ask } from './support/server.js'

let server: TestServer
let url: string
let api: ApiDocument
beforeAll(async () => {
  server = await TestServer.start()
  url = server.url
  api = await ApiDocument.of(url)
})
afterAll(() => server.close())

function operationsOf({ paths }: Document): readonly (readonly [string, ApiOperation])[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, told]) => [`${method.toUpperCase()} ${path}`, told] as const),
  )
}

/** The addresses that the sources of the API name. */
function urlsInSources(): readonly string[] {
  const folder = fileURLToPath(new URL('../../src/http/', import.meta.url))
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  const found = files.flatMap((file) =>
    [...readFileSync(folder + file, 'utf8').matchAll(/\burl: '(\/\w[^']*)'|_PATH = '([^']+)'/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    ),
  )
  return [...new Set(found)].map((url) => url.replace(/:(\w+)/g, '{$1}')).sort()
}

describe('the OpenAPI document', () => {
  it('is there for everybody, and about itself as well', async () => {
    const { get } = await startApi()
    const { status, headers, json } = await get('/openapi.json')
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
    expect(json()).toMatchObject({ openapi: '3.1.1', paths: { '/openapi.json': { get: {} } } })
  })

  it('has every route of the server, and nothing else', async () => {
    expect(Object.keys(api.document.paths).sort()).toEqual(urlsInSources())
    for (const [path, methods] of Object.entries(api.document.paths)) {
      const address = url + path.replace(/\{\w+\}/g, 'x')
      // Who may is asked before anything else: without a token nothing is done, but the route answers.
      for (const [method, { security }] of Object.entries(methods)) {
        const answer = await ask(address, { method: method.toUpperCase() })
        api.check(method.toUpperCase(), address, answer)
        const closed = security.some((scheme) => Object.keys(scheme).some((name) => name.endsWith('-token')))
        if (closed) expect([method, path, answer.status]).toEqual([method, path, 401])
      }
    }
  })

  it('names all methods of a resource, and no other is taken', async () => {
    for (const [path, methods] of Object.entries(api.document.paths)) {
      const open = Object.values(methods).every(({ security }) =>
        security.every((one) => 'admin' in one || isEmpty(one)),
      )
      if (!open) continue
      const { headers } = await ask(url + path.replace(/\{\w+\}/g, 'x'), { method: 'OPTIONS' })
      const allowed = (headers.get('allow') ?? '').split(', ').filter((method) => method !== 'HEAD')
      expect([path, allowed.map((method) => method.toLowerCase()).sort()]).toEqual([
        path,
        Object.keys(methods).sort(),
      ])
    }
  })

  it('has schemas that are JSON Schema, and references that lead somewhere', () => {
    expect(api.compileAll()).toBeGreaterThan(40)
    const text = JSON.stringify(api.document)
    for (const [, pointer = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = pointer
        .split('/')
        .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], api.document)
      expect([pointer, typeof target]).toEqual([pointer, 'object'])
    }
  })

  it('describes each operation well enough to make a client of it', () => {
    const operations = operationsOf(api.document)
    expect(new Set(operations.map(([, { operationId }]) => operationId)).size).toBe(operations.length)
    const schemes = Object.keys(api.document.components.securitySchemes)
    for (const [name, { parameters = [], responses, security }] of operations) {
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      const told = parameters
        .filter((parameter) => parameter.in === 'path')
        .map((parameter) => parameter.name)
      expect([name, told]).toEqual([name, inPath])
      expect([name, security.flatMap(Object.keys).filter((scheme) => !schemes.includes(scheme))]).toEqual([
        name,
        [],
      ])
      for (const [status, response] of Object.entries(responses)) {
        expect([name, status, '$ref' in response || response.description !== '']).toEqual([
          name,
          status,
          true,
        ])
        expect([name, /^([1-5]\d\d|default)$/.test(status)]).toEqual([name, true])
      }
    }
  })

  it('says for each error how it is told from others', () => {
    const told = api.operation('POST', '/v1/calls/c1/accept')?.responses
    const types = Object.entries(told ?? {}).flatMap(([status, { content }]) => {
      const { allOf } = (content?.['application/problem+json']?.schema ?? {}) as {
        allOf?: readonly { properties?: { type: { enum: readonly string[] } } }[]
      }
      return (allOf?.[1]?.properties?.type.enum ?? []).map((type) => `${status} ${type}`)
    })
    expect(types).toEqual(
      expect.arrayContaining([
        '401 /problems/token-expired',
        '403 /problems/token-foreign',
        '403 /problems/token-used',
        '404 /problems/call-not-found',
        '409 /problems/call-answered-elsewhere',
        '410 /problems/call-ended',
        '422 /problems/call-not-acceptable',
      ]),
    )
    expect(types.every((type) => type.split('/').at(-1)! in PROBLEM_TYPES)).toBe(true)
  })

  it('has one schema a name: what is sent and what is answered cannot share one that differs', () => {
    const thing = z.object({ a: z.string().default('x') }).meta({ id: 'OpenApiTestThing' })
    const post = (body: z.ZodType) => ({
      url: '/things',
      methods: {
        POST: operation({
          id: 'postThing',
          tag: 'server',
          summary: 'A thing',
          security: 'none',
          body,
          responses: { 200: { description: 'It', json: z.array(thing) } },
          handle: () => ({ status: 200, body: [] }),
        }),
      },
    })
    expect(openApi([post(z.string())], '1')).toMatchObject({
      components: { schemas: { OpenApiTestThing: { type: 'object', required: ['a'] } } },
    })
    expect(() => openApi([post(thing)], '1')).toThrow('two schemas of the API are called OpenApiTestThing')
  })
})

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0
}
