import { createServer, type IncomingHttpHeaders } from 'node:http'
import { closeServer, listen, listener, performReply, readBody } from './http-stand-in.js'
import { Inbox } from './inbox.js'
import { answer, Script } from './script.js'

export interface ReceivedWebhook {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The raw body, and what it is as JSON; null where it is none. */
  readonly text: string
  readonly body: Record<string, unknown> | null
  /** Which connection it came in on, counted from 1. */
  readonly connection: number
}

export interface WebhookService {
  /** `http://127.0.0.1:port` */
  readonly origin: string
  readonly port: number
  readonly inbox: Inbox<ReceivedWebhook>
  /** Without a word of it every push is answered with 204. */
  readonly script: Script<ReceivedWebhook>
  close(): Promise<void>
}

/** An operator's push service behind the webhook adapter. */
export async function startWebhookService(): Promise<WebhookService> {
  const inbox = new Inbox<ReceivedWebhook>()
  const script = new Script<ReceivedWebhook>()
  const connections = new WeakMap<object, number>()
  let connected = 0
  const server = createServer(
    listener(async (request, response) => {
      const text = await readBody(request)
      const push: ReceivedWebhook = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        text,
        body: asJson(text),
        connection: connections.get(request.socket) ?? 0,
      }
      inbox.add(push)
      await performReply(
        script.decide(push, () => answer(204)),
        response,
      )
    }),
  )
  server.on('connection', (socket) => connections.set(socket, ++connected))
  const port = await listen(server)
  return { origin: `http://127.0.0.1:${port}`, port, inbox, script, close: () => closeServer(server) }
}

function asJson(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
}
