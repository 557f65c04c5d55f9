import { z } from 'zod'
import { openApi } from '../openapi/document.js'
import { operation } from '../operation.js'
import type { Route } from '../route.js'

/** The routes, and with them the document that describes them all, itself included. */
export function withOpenApi(routes: readonly Route[], version: string): readonly Route[] {
  const get = operation({
    id: 'openApi',
    tag: 'server',
    summary: 'This API as an OpenAPI 3.1 document',
    security: 'none',
    responses: { 200: { description: 'The document.', json: z.record(z.string(), z.unknown()) } },
    handle: () => ({ status: 200, body: document }),
  })
  const all = [...routes, { url: '/openapi.json', methods: { GET: get } }]
  const document = openApi(all, version)
  return all
}
