import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { MAX_CLIENT_MESSAGE } from '../../clients/channel/limits.js'
import type { ClientHub } from '../../clients/hub/client-hub.js'
import { allowsOrigin } from '../cors.js'
import { PROBLEM_CONTENT_TYPE, Problem } from '../problem.js'
import { WebSocketChannel } from './websocket-channel.js'

export const CHANNEL_PATH = '/v1/client'

export interface ChannelUpgrade {
  /** For `upgrade` of the HTTP server. */
  readonly upgrade: (this: Server, request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Cuts off what is open still; the hub is to be closed before. */
  close(): void
}

/**
 * Makes WebSockets (RFC 6455) of requests to the channel's address, and channels of the hub of these.
 *
 * @param origins of web pages that may open one; with none, any may. Apps that are no pages say no origin.
 */
export function createChannelUpgrade(
  hub: Pick<ClientHub, 'connect'>,
  origins: readonly string[] = [],
): ChannelUpgrade {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_CLIENT_MESSAGE,
    // Memory for each connection, for messages that are short.
    perMessageDeflate: false,
  })
  const open = new Set<WebSocketChannel>()
  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy())
      if (!isWebSocket(request)) return withoutUpgrade(this, request, socket, head)
      if (request.url?.split('?')[0] !== CHANNEL_PATH) {
        return refuse(socket, new Problem('not-found', `There is no WebSocket here, but at ${CHANNEL_PATH}.`))
      }
      const { origin } = request.headers
      if (origin !== undefined && origins.length > 0 && !allowsOrigin(origins, origin)) {
        return refuse(socket, new Problem('forbidden', `${origin} is none of http.origins.`))
      }
      server.handleUpgrade(request, socket, head, (websocket) => {
        const channel = new WebSocketChannel(websocket, () => open.delete(channel))
        open.add(channel)
        const peer = hub.connect(channel)
        if (peer === null) channel.close('draining')
        else channel.report(peer)
      })
    },
    close() {
      for (const channel of open) channel.terminate()
    },
  }
}

function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * Some HTTP clients offer HTTP/2 with every request. A server may ignore that (RFC 9110 §7.8): the request is read
 * once more, without it.
 */
function withoutUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method = '', url = '', httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2)
    if (!/^(?:upgrade|http2-settings)$/i.test(name)) lines.push(`${name}: ${withoutOption(name, value)}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
}

function withoutOption(name: string, value: string): string {
  if (name.toLowerCase() !== 'connection') return value
  const options = value.split(',').map((option) => option.trim())
  return options.filter((option) => !/^(?:upgrade|http2-settings)$/i.test(option)).join(', ') || 'keep-alive'
}

function refuse(socket: Duplex, { status, body }: Problem): void {
  const text = JSON.stringify(body)
  socket.end(
    [
      `HTTP/1.1 ${String(status)} ${body.title}`,
      'Connection: close',
      `Content-Type: ${PROBLEM_CONTENT_TYPE}`,
      `Content-Length: ${String(Buffer.byteLength(text))}`,
      '',
      text,
    ].join('\r\n'),
  )
}
