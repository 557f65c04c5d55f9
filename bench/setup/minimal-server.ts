import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { WebSocketServer } from 'ws'
import type { Address } from '../../src/demo/index.js'
import { responseTo } from '../../src/demo/sip/build.js'
import { StreamFramer } from '../../src/demo/sip/framing.js'
import { parseMessage, serializeMessage } from '../../src/demo/sip/message.js'
import type { Edge } from './device.js'

const HOST = '127.0.0.1'

/**
 * Answers every SIP request by 200, and every HTTP request, at once, without a thought; returns packets of RTP to
 * where they came from. What a round trip to it takes is the players' time and the link's.
 */
export class MinimalServer implements Edge {
  private constructor(
    private readonly points: Readonly<Record<string, Address>>,
    readonly rtp: Address,
    private readonly closers: readonly (() => Promise<unknown>)[],
  ) {}

  static async open(): Promise<MinimalServer> {
    const [udp, tcp, ws, http, rtp] = await Promise.all([
      datagrams(answered),
      streams(),
      webSockets(),
      web(),
      datagrams((bytes) => bytes),
    ])
    const points = { udp: udp.at, tcp: tcp.at, ws: ws.at, http: http.at }
    return new MinimalServer(
      points,
      rtp.at,
      [udp, tcp, ws, http, rtp].map((one) => one.close),
    )
  }

  get http(): Address {
    return this.point('http')
  }

  point(name: string): Address {
    const point = this.points[name]
    if (point === undefined) throw new Error(`the minimal server does not listen on ${name}`)
    return point
  }

  async close(): Promise<void> {
    await Promise.all(this.closers.map((close) => close()))
  }
}

interface Listening {
  readonly at: Address
  readonly close: () => Promise<unknown>
}

function answered(bytes: Buffer): Buffer | undefined {
  const message = parseMessage(bytes)
  return message.kind === 'request' ? serializeMessage(responseTo(message, 200)) : undefined
}

async function datagrams(reply: (bytes: Buffer) => Buffer | undefined): Promise<Listening> {
  const socket = createSocket('udp4').bind(0, HOST)
  await once(socket, 'listening')
  socket.on('message', (bytes, from) => {
    const back = reply(bytes)
    if (back !== undefined) socket.send(back, from.port, from.address)
  })
  const close = (): Promise<unknown> => {
    socket.close()
    return once(socket, 'close')
  }
  return { at: { host: HOST, port: socket.address().port }, close }
}

async function streams(): Promise<Listening> {
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    const framer = new StreamFramer()
    sockets.add(socket)
    // A player that leaves without a word is no fault.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      for (const message of framer.push(chunk)) {
        const back = answered(message)
        if (back !== undefined) socket.write(back)
      }
    })
  }).listen(0, HOST)
  await once(server, 'listening')
  const close = (): Promise<unknown> => {
    for (const socket of sockets) socket.destroy()
    server.close()
    return once(server, 'close')
  }
  return { at: addressOf(server), close }
}

async function webSockets(): Promise<Listening> {
  const server = new WebSocketServer({ host: HOST, port: 0, handleProtocols: () => 'sip' })
  await once(server, 'listening')
  server.on('connection', (socket) => {
    socket.on('error', () => socket.terminate())
    socket.on('message', (data) => {
      const back = answered(data as Buffer)
      if (back !== undefined) socket.send(back)
    })
  })
  const close = (): Promise<unknown> => {
    for (const socket of server.clients) socket.terminate()
    return new Promise((resolve) => server.close(resolve))
  }
  return { at: addressOf(server), close }
}

async function web(): Promise<Listening> {
  const server = createHttpServer((request, response) => {
    request.resume()
    response.end('{}')
  }).listen(0, HOST)
  await once(server, 'listening')
  const close = (): Promise<unknown> => {
    server.closeAllConnections()
    server.close()
    return once(server, 'close')
  }
  return { at: addressOf(server), close }
}

function addressOf(server: { address(): string | AddressInfo | null }): Address {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no address')
  return { host: address.address, port: address.port }
}
