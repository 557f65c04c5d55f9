import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Server as SocketServer } from 'node:net'
import { bodyText, type Reply } from './script.js'

/** Reads a request's body to its end. */
export async function readBody(request: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** A listener that runs `serve`; a client that goes away in the middle is no error of the stand-in's. */
export function listener(
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): RequestListener {
  return (request, response) => {
    serve(request, response).catch(() => response.destroy())
  }
}

/** Carries a reply out over HTTP/1.1. */
export async function performReply(reply: Reply, response: ServerResponse): Promise<void> {
  switch (reply.kind) {
    case 'answer':
      await reply.after
      response.writeHead(reply.status, reply.headers)
      response.end(bodyText(reply.body))
      return
    case 'stall':
      response.writeHead(reply.status)
      response.write(' ')
      return
    case 'break':
      response.writeHead(reply.status)
      response.write('{"na', () => response.destroy())
      return
    case 'drop':
      response.destroy()
      return
    case 'hang':
      return
    default:
      return reply satisfies never
  }
}

/** Listens on a free loopback port, and returns it. */
export async function listen(server: SocketServer): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

/** Closes the server and every connection, answered or not. */
export async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
