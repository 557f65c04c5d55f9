/**
 * What of drachtio-fsmrf 4.1.2 and of its ESL client drachtio-modesl is used here; both are untyped. `Mrf.connect` is
 * not: it tries again every millisecond where a connection is refused, cannot be stopped from that, hangs on a wrong
 * password, and ends the process where the profile is missing. Its MediaServer is given a connection of ours instead.
 */
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { Dialog } from './srf.js'

/** An event or a reply of FreeSWITCH. */
export interface EslEvent {
  getHeader(name: string): string | null
  getBody(): string
}

/** A modesl connection: to FreeSWITCH's event socket, or from it for one channel. */
export interface EslConnection {
  /** Null once it is gone. */
  socket: Socket | null
  send(command: string, args?: Readonly<Record<string, string>> | null): void
  api(command: string, args: string | readonly string[], callback: (reply: EslEvent) => void): void
  subscribe(events: readonly string[]): void
  execute(application: string, argument: string, callback: (done: EslEvent) => void): string
  disconnect(): void
  /** The channel's data; null on a connection that we made. */
  getInfo(): EslEvent | null
  on(event: string, listener: (...values: never[]) => void): this
  once(event: string, listener: (...values: never[]) => void): this
  removeAllListeners(event?: string): this
}

/** One channel with a control connection of its own. */
export interface FsmrfEndpoint {
  readonly uuid: string
  readonly conn: EslConnection | null
  on(event: 'destroy', listener: (how?: { reason?: string }) => void): this
  removeAllListeners(): this
}

export interface CreateEndpointOptions {
  readonly remoteSdp: string
  readonly headers: Record<string, string>
}

/** Called with a channel's connection to us; what else fsmrf's own listener is called with is its own. */
export type OfChannel = (connection: EslConnection, ...more: readonly unknown[]) => void

export interface MediaServer {
  /** Where INVITEs go. */
  readonly sip: { readonly ipv4: { readonly udp: { address?: string } } }
  /** Set: the loss of the connection is nothing to print. */
  closing?: boolean
  /** Accepts the connections of channels; undefined until it listens. */
  readonly _server?: {
    readonly server: {
      close(): void
      prependListener(event: 'connection', listener: (socket: Socket) => void): void
    }
    on(event: string, listener: OfChannel): void
    listeners(event: string): readonly OfChannel[]
    removeAllListeners(event: string): void
  }
  createEndpoint(options: CreateEndpointOptions): Promise<FsmrfEndpoint>
  once(event: 'ready', listener: () => void): this
  once(event: 'error', listener: (error: Error) => void): this
}

/** The part of drachtio-srf that a MediaServer uses. */
export interface Inviter {
  createUAC(uri: string, options: { headers: Record<string, string>; localSdp: string }): Promise<Dialog>
}

type EslConnectionClass = new (
  host: string,
  port: number,
  password: string,
  ready: () => void,
) => EslConnection

type MediaServerClass = new (
  connection: EslConnection,
  mrf: { readonly srf: Inviter; readonly customEvents: readonly string[] },
  listenAddress: string,
  listenPort: number,
  advertisedAddress: string | undefined,
  advertisedPort: number | undefined,
  profile: string,
) => MediaServer

const load = createRequire(import.meta.url)
const MediaServerOfFsmrf = load('drachtio-fsmrf/lib/mediaserver.js') as MediaServerClass
const { Connection } = createRequire(load.resolve('drachtio-fsmrf'))('drachtio-modesl') as {
  Connection: EslConnectionClass
}

/** A connection to an event socket that fails once and for all, in one write a command, and never by a throw. */
class Link extends Connection {
  constructor(host: string, port: number, password: string, ready: () => void) {
    super(host, port, password, ready)
    this.socket?.setNoDelay(true)
  }

  override send(command: string, args?: Readonly<Record<string, string>> | null): void {
    writeOnce(this, command, args)
  }

  override api(command: string, args: string | readonly string[], callback: (reply: EslEvent) => void): void {
    // What a callback throws would end the process: it is called from the socket's handler.
    super.api(command, args, (reply) => {
      try {
        callback(reply)
      } catch (error) {
        this.socket?.destroy(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }

  /** Reconnecting is ours: modesl's backoff has no end and cannot be stopped. */
  _onConnectionGone(): void {
    // Nothing.
  }
}

export function openLink(host: string, port: number, password: string, ready: () => void): EslConnection {
  return new Link(host, port, password, ready)
}

export function openMediaServer(
  link: EslConnection,
  inviter: Inviter,
  listen: { readonly host: string; readonly advertise?: string },
  profile: string,
): MediaServer {
  const mrf = { srf: inviter, customEvents: [] }
  const server = new MediaServerOfFsmrf(link, mrf, listen.host, 0, listen.advertise, undefined, profile)
  server.closing = true
  return server
}

/** modesl writes each line of a command by itself; the second then waits for the delayed ACK of the first (Nagle). */
export function sendAtOnce(connection: EslConnection): void {
  connection.socket?.setNoDelay(true)
  connection.send = (command, args) => writeOnce(connection, command, args)
}

function writeOnce(
  connection: EslConnection,
  command: string,
  args: Readonly<Record<string, string>> | null | undefined,
): void {
  const lines = [command, ...Object.entries(args ?? {}).map(([name, value]) => `${name}: ${value}`)]
  connection.socket?.write(`${lines.join('\n')}\n\n`)
}
