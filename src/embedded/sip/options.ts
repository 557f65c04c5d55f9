/** Times in milliseconds unless said otherwise. Defaults: RFC 3261 table 4, derived from T1, T2 and T4. */
export interface SipTimers {
  t1: number
  t2: number
  t4: number
  /** INVITE client transaction: no response at all. */
  timerB: number
  /** INVITE client transaction: provisional responses only; each but 100 restarts it. Then CANCEL. */
  timerC: number
  /** Wait for retransmitted final responses to an INVITE, unreliable transports only. */
  timerD: number
  /** Non-INVITE client transaction: no final response. */
  timerF: number
  /** No ACK for a final response, 2xx included. */
  timerH: number
  /** How long an app may leave a request without any answer before its state is dropped. */
  appSilence: number
  /** Smallest session interval accepted, in seconds (RFC 4028 §4: 90). */
  minSessionExpires: number
}

export interface SipLimits {
  /** Bytes of one message. */
  messageBytes: number
  /** Header lines of one message. */
  headerLines: number
  /** Connections of one stream listener, both directions. */
  connections: number
  /** A connection without traffic is closed after this many milliseconds. */
  connectionIdle: number
  /** Milliseconds that a message begun on a connection may take to arrive whole. */
  partialMessage: number
  /** Milliseconds to open a connection, or to agree on TLS and WebSocket on one that a peer opened. */
  connect: number
  /** A WebSocket client is pinged after so many milliseconds; one that is silent until the next ping is given up. */
  webSocketPing: number
  /** Milliseconds between two looks at the files of a certificate. */
  certificateCheck: number
  /** Bytes waiting to be written to one peer; beyond it the connection is closed. */
  writeBacklog: number
  /** Bytes waiting to be written to one app; beyond it the connection is closed. */
  appBacklog: number
  /** Server transactions; beyond it new requests get 503. */
  transactions: number
  /** Dialogs; beyond it new INVITEs and SUBSCRIBEs get 503. */
  dialogs: number
  /** Apps connected at once, authenticated or not. */
  apps: number
  /** Milliseconds that an app may take to authenticate. */
  authenticate: number
  /** Milliseconds to resolve a name. */
  resolve: number
}

/** Files in PEM. They are read again when they change; a bad new file is a fault, and the old one stays in use. */
export interface TlsFiles {
  /** The certificate, and those between it and its root. */
  cert: string
  key: string
  /** The roots that servers are verified against which this side connects to. Default: those that Node brings. */
  ca?: string
}

interface ListenCommon {
  host: string
  /** 0: any free port; UDP and TCP of one host get the same number. */
  port: number
  /** Address written into Via and Contact, where peers see another one than the socket's. */
  advertise?: { host: string; port?: number }
}

interface WebSocketOptions {
  /**
   * The web pages that may connect, as browsers name them in Origin: `https://phone.example.com`. Default: all.
   * Clients that are no browser send no Origin, and may.
   */
  origins?: readonly string[]
}

export type ListenOptions = ListenCommon &
  (
    | { protocol: 'udp' | 'tcp' }
    | { protocol: 'tls'; tls: TlsFiles }
    | ({ protocol: 'ws' } & WebSocketOptions)
    | ({ protocol: 'wss'; tls: TlsFiles } & WebSocketOptions)
  )

export interface SipFault {
  where: string
  error: unknown
}

/** The lookups of `node:dns/promises` that are used (RFC 3263). */
export interface NameServices {
  srv(name: string): Promise<{ name: string; port: number; priority: number; weight: number }[]>
  addresses(name: string): Promise<string[]>
}

export interface ControlOptions {
  /** Default 127.0.0.1. */
  host?: string
  /** Default: any free port. */
  port?: number
  /** Default: a random one. */
  secret?: string
}

export interface SipServerOptions {
  /** The TCP port that apps connect to, as to drachtio-server. Without it only apps of this process can be attached. */
  control?: ControlOptions
  listen: ListenOptions[]
  timers?: Partial<SipTimers>
  limits?: Partial<SipLimits>
  /**
   * In-dialog requests go to the address a peer was seen at rather than to its Contact, where the two tell of
   * a NAT between, as drachtio-server does. Default true.
   */
  natDetection?: boolean
  /** Who refreshes a session where the caller leaves it open (RFC 4028 §9). Default `uac`. */
  sessionRefresher?: 'uac' | 'uas' | 'none'
  nameServices?: NameServices
  /** Told of what went wrong inside; nothing is ever thrown out of a socket or timer. */
  onFault?: (fault: SipFault) => void
}

/** The options with every default filled in. */
export interface Settings {
  readonly timers: SipTimers
  readonly limits: SipLimits
  readonly natDetection: boolean
  readonly sessionRefresher: 'uac' | 'uas' | 'none'
}

const LIMITS: SipLimits = {
  messageBytes: 65_535,
  headerLines: 256,
  connections: 10_000,
  connectionIdle: 30 * 60_000,
  partialMessage: 30_000,
  connect: 5_000,
  webSocketPing: 25_000,
  certificateCheck: 5_000,
  writeBacklog: 4 * 1024 * 1024,
  appBacklog: 64 * 1024 * 1024,
  transactions: 200_000,
  dialogs: 100_000,
  apps: 64,
  authenticate: 10_000,
  resolve: 4_000,
}

export function settingsOf(options: SipServerOptions): Settings {
  const given = options.timers ?? {}
  const t1 = given.t1 ?? 500
  return {
    timers: {
      t1,
      t2: 4_000,
      t4: 5_000,
      timerB: 64 * t1,
      // RFC 3261 §16.6 step 11: more than three minutes.
      timerC: 185_000,
      timerD: 64 * t1,
      timerF: 64 * t1,
      timerH: 64 * t1,
      appSilence: 64_000,
      minSessionExpires: 90,
      ...given,
    },
    limits: { ...LIMITS, ...options.limits },
    natDetection: options.natDetection ?? true,
    sessionRefresher: options.sessionRefresher ?? 'uac',
  }
}
