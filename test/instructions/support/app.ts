import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Of a form, or of the query of a GET. */
  readonly parameters: Readonly<Record<string, string>>
}

/** Answers in whatever way; `respond` has the usual one. */
export type Page = (asked: Asked, response: ServerResponse) => void

/** An application on a port of its own. */
export interface App {
  readonly url: string
  readonly asked: readonly Asked[]
  close(): Promise<void>
}

export async function startApp(pages: Readonly<Record<string, Page>>, host = '127.0.0.1'): Promise<App> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const { method = '', url = '', headers } = request
      const [path = '', query = ''] = url.split('?')
      const parameters = Object.fromEntries(new URLSearchParams(method === 'GET' ? query : body))
      const one = { method, path: url, headers, body, parameters }
      asked.push(one)
      const page = pages[path]
      if (page === undefined) response.writeHead(404).end()
      else page(one, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${host}:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export function respond(body: string | Buffer, type = 'text/xml', status = 200): Page {
  return (_asked, response) => response.writeHead(status, { 'content-type': type }).end(body)
}

export function twiml(inner: string): Page {
  return respond(`<?xml version="1.0" encoding="UTF-8"?><Response>${inner}</Response>`)
}

export function redirect(to: string, status = 302): Page {
  return (_asked, response) => response.writeHead(status, { location: to }).end()
}

/** Takes the request, and never answers. */
export const silent: Page = () => undefined
