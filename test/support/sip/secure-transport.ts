import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:tls'
import { WebSocket } from 'ws'
import type { Flow, OpenTransport, Transport, TransportOptions } from '../../../src/demo/index.js'
import { StreamFramer } from '../../../src/demo/sip/framing.js'
import { sipPem } from './identity.js'

/** A connection that was opened, whatever its kind. */
interface Link {
  readonly localPort: number
  /** What the client calls itself in Via and Contact. */
  readonly localHost: string
  readonly open: boolean
  send(bytes: Buffer): void
  pongs(): number
  close(): Promise<void>
}

/** TLS and WebSocket for the scripted players: one connection out, over which everything goes. */
export const openSecureTransport: OpenTransport = async (options) => {
  const { connectTo, protocol } = options
  if (connectTo === undefined) throw new Error(`a player can only connect out over ${protocol}`)
  const links: Link[] = []
  const flow: Flow = {
    protocol,
    remote: connectTo,
    send: (bytes) => {
      const [link] = links
      if (link?.open === true) link.send(bytes)
      else options.onFault(new Error('the connection is closed'))
    },
  }
  const opened = protocol === 'tls' ? await openTls(options, flow) : await openWebSocket(options, flow)
  links.push(opened)
  const transport: Transport = {
    protocol,
    local: { host: opened.localHost, port: opened.localPort },
    flowTo: () => flow,
    pongs: () => opened.pongs(),
    close: () => opened.close(),
  }
  return transport
}

async function openTls({ connectTo, onBytes, onFault }: TransportOptions, flow: Flow): Promise<Link> {
  const socket = connect({ ...connectTo, ca: sipPem.ca })
  await once(socket, 'secureConnect')
  const framer = new StreamFramer()
  socket.setNoDelay(true)
  socket.on('error', onFault)
  socket.on('data', (chunk: Buffer) => {
    for (const message of framer.push(chunk)) onBytes(message, flow)
  })
  return {
    localPort: socket.localPort ?? 0,
    localHost: socket.localAddress ?? '',
    get open() {
      return !socket.destroyed
    },
    send: (bytes) => socket.write(bytes),
    pongs: () => framer.pongs,
    close: async () => {
      const gone = socket.closed ? Promise.resolve() : once(socket, 'close')
      socket.destroy()
      await gone
    },
  }
}

async function openWebSocket(
  { connectTo, protocol, onBytes, onFault }: TransportOptions,
  flow: Flow,
): Promise<Link> {
  const url = `${protocol}://${connectTo?.host ?? ''}:${connectTo?.port ?? 0}`
  const socket = new WebSocket(url, 'sip', { ca: sipPem.ca })
  await once(socket, 'open')
  let pongs = 0
  socket.on('error', onFault)
  socket.on('message', (data) => {
    const bytes = data as Buffer
    if (bytes.toString('latin1') === '\r\n') pongs++
    else onBytes(bytes, flow)
  })
  return {
    // RFC 7118 appendix B: a browser does not know its address, and makes one up.
    localHost: `${randomBytes(6).toString('hex')}.invalid`,
    localPort: 5060,
    get open() {
      return socket.readyState === WebSocket.OPEN
    },
    send: (bytes) => socket.send(bytes),
    pongs: () => pongs,
    close: async () => {
      const gone = socket.readyState === WebSocket.CLOSED ? Promise.resolve() : once(socket, 'close')
      socket.terminate()
      await gone
    },
  }
}
