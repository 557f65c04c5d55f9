import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { createServer } from 'node:net'
import type { Log } from '../../ports/log.js'
import { MediaError } from '../../ports/media.js'
import type { Deadlines } from './deadlines.js'
import { type Deferred, deferred } from './deferred.js'
import {
  type EslConnection,
  type EslEvent,
  type FsmrfEndpoint,
  type MediaServer,
  openLink,
  openMediaServer,
  sendAtOnce,
} from './fsmrf.js'
import { FreeswitchLeg, invite } from './leg.js'
import { knownCodecs } from './offer.js'
import type { SignalingConnection } from './signaling.js'
import type { Dialog } from './srf.js'

export interface SessionOptions {
  readonly host: string
  readonly port: number
  readonly secret: string
  /** The SIP profile that takes our INVITEs. */
  readonly profile: string
  /** Where INVITEs go, where it is not the address that the profile names. */
  readonly sip?: { readonly host: string; readonly port: number }
  /** Where FreeSWITCH connects back to, for each channel. */
  readonly listen: { readonly host: string; readonly advertise?: string }
}

const CONNECT_MS = 3_000
const API_MS = 3_000

/** Our id of an endpoint; FreeSWITCH keeps it as a variable of the channel, and tells variables under a prefix. */
const ENDPOINT_HEADER = 'X-Reveille-Endpoint'
const CHANNEL_VARIABLE = `sip_h_${ENDPOINT_HEADER}`
const VARIABLE_HEADER = `variable_${CHANNEL_VARIABLE}`

/** fsmrf refuses secure descriptions, and sends what it is given: it gets this, and our INVITE the true one. */
const STAND_IN = 'v=0'

/** A channel on its way: first answered, then, once its media is there, controlled. */
export interface Opening {
  readonly id: string
  readonly leg: Promise<FreeswitchLeg>
  readonly control: Promise<FsmrfEndpoint>
  /** Nothing more is wanted of it: what was not set up by now is cancelled or ended. */
  abandon(): void
}

interface Wanted {
  readonly sdp: string
  readonly connection: SignalingConnection
  readonly abandon: AbortController
  readonly leg: Deferred<FreeswitchLeg>
  readonly attached: Deferred<void>
}

/** What is asked of a FreeSWITCH server over one connection to its event socket; it ends with the connection. */
export class FreeswitchSession {
  private readonly wanted = new Map<string, Wanted>()
  private server: MediaServer | undefined
  private readonly over = new AbortController()
  /** Codecs of the profile that can be offered, in its order. */
  codecs: readonly string[] = []

  private constructor(
    private readonly options: SessionOptions,
    private readonly link: EslConnection,
    private readonly deadlines: Deadlines,
    private readonly log: Log,
  ) {
    // Each request under way listens for the loss.
    setMaxListeners(0, this.over.signal)
    this.link.on('esl::end', () => this.end())
  }

  /** Rejects with MediaError, with nothing left open, where the server is away, refuses us or has no such profile. */
  static async open(options: SessionOptions, deadlines: Deadlines, log: Log): Promise<FreeswitchSession> {
    const link = await authenticated(options, deadlines)
    const session = new FreeswitchSession(options, link, deadlines, log)
    try {
      await session.begin()
      return session
    } catch (error) {
      session.close()
      throw error
    }
  }

  /** Aborts when the connection is gone, and everything that was made over it with it. */
  get lost(): AbortSignal {
    return this.over.signal
  }

  /** `heartbeat`: FreeSWITCH's own word that it lives, each 20 s unless it is told otherwise. */
  onHeartbeat(heartbeat: (event: EslEvent) => void): void {
    this.link.on('esl::event::HEARTBEAT::*', heartbeat)
  }

  /** An API command. Rejects with MediaError `lost`. */
  api(command: string, args: readonly string[] = []): Promise<string> {
    return callApi(this.link, command, args, this.deadlines, this.lost)
  }

  /** A new channel, from an offer to FreeSWITCH. */
  open(sdp: string, connection: SignalingConnection): Opening {
    const id = randomUUID()
    const server = this.server
    const wanted: Wanted = {
      ...{ sdp, connection, abandon: new AbortController() },
      leg: deferred<FreeswitchLeg>(),
      attached: deferred<void>(),
    }
    const abandon = (): void => {
      wanted.abandon.abort()
      wanted.attached.reject(new MediaError('lost', 'abandoned'))
    }
    const { leg } = wanted
    if (server === undefined || this.lost.aborted) {
      leg.reject(new MediaError('lost', 'the media server is away'))
      return { id, leg: leg.promise, control: leg.promise as Promise<never>, abandon }
    }
    this.wanted.set(id, wanted)
    // The channel is named after who calls: an operator finds an endpoint's by `show channels like <id>`.
    const headers = { [ENDPOINT_HEADER]: id, From: `<sip:${id}@localhost>` }
    const control = server.createEndpoint({ remoteSdp: STAND_IN, headers })
    control
      .catch((error: unknown) => leg.reject(error))
      .finally(() => this.wanted.delete(id))
      .catch(() => undefined)
    return { id, leg: leg.promise, control, abandon }
  }

  /**
   * Ends what FreeSWITCH has of an endpoint, where SIP cannot. Does nothing where the connection is gone: channels
   * are gone with their server, or a BYE ends them. Rejects with MediaError.
   */
  async discard(id: string): Promise<void> {
    if (this.lost.aborted) return
    await this.api('hupall', ['normal_clearing', CHANNEL_VARIABLE, id])
  }

  close(): void {
    this.link.socket?.destroy()
    this.end()
  }

  private end(): void {
    if (this.lost.aborted) return
    this.over.abort()
    for (const { attached, abandon } of this.wanted.values()) {
      abandon.abort()
      attached.reject(new MediaError('lost', 'the media server went away'))
    }
    this.server?._server?.server.close()
  }

  private async begin(): Promise<void> {
    const { profile, listen, sip } = this.options
    const status = await this.api('sofia status profile', [profile])
    if (!status.includes('RTP-IP')) throw new MediaError('lost', `there is no SIP profile ${profile}`)
    this.codecs = knownCodecs(/^CODECS IN\s+(.*)$/m.exec(status)?.[1] ?? '')
    await listenable(listen.host)
    const server = openMediaServer(
      this.link,
      { createUAC: (uri, { headers }) => this.createUac(uri, headers) },
      listen,
      profile,
    )
    this.server = server
    const ready = new Promise<void>((resolve, reject) => {
      server.once('ready', resolve)
      server.once('error', reject)
    })
    await this.deadlines.within(ready, CONNECT_MS, 'the media server', this.lost)
    if (sip !== undefined) server.sip.ipv4.udp.address = `${sip.host}:${sip.port}`
    this.watchChannels(server)
  }

  /** Each channel connects back to us; its connection is told from others by the id that its INVITE carried. */
  private watchChannels(server: MediaServer): void {
    const channels = server._server
    if (channels === undefined) throw new MediaError('lost', 'the media server does not listen')
    channels.server.prependListener('connection', (socket) => socket.setNoDelay(true))
    channels.on('connection::open', (connection) => {
      sendAtOnce(connection)
      connection.on('error', (error: unknown) => this.log.debug({ err: error }, 'a channel was cut off'))
    })
    // fsmrf finds the connection's endpoint; one that nobody wants any more it would tell of on our standard error.
    const [find] = channels.listeners('connection::ready')
    channels.removeAllListeners('connection::ready')
    channels.on('connection::ready', (connection, ...more) => {
      const id = connection.getInfo()?.getHeader(VARIABLE_HEADER)
      const wanted = this.wanted.get(id ?? '')
      if (wanted === undefined) {
        this.log.debug({ endpoint: id }, 'a channel came that nobody waits for')
        return void connection.execute('hangup', 'NORMAL_CLEARING', () => undefined)
      }
      find?.(connection, ...more)
      wanted.attached.resolve()
    })
  }

  /** For fsmrf, which is told of the dialog when the channel is controlled: it would wait no longer than 4 s for that. */
  private async createUac(uri: string, headers: Record<string, string>): Promise<Dialog> {
    const wanted = this.wanted.get(headers[ENDPOINT_HEADER] ?? '')
    if (wanted === undefined) throw new MediaError('lost', 'an endpoint that nobody wants')
    const { sdp, connection, abandon, leg, attached } = wanted
    const dialog = await invite(connection, { uri, sdp, headers }, abandon.signal, this.log)
    leg.resolve(new FreeswitchLeg(dialog, connection, this.deadlines, this.log))
    await attached.promise
    return dialog
  }
}

/** An API command on any event socket connection; `signal` aborts when the connection is gone. */
export function callApi(
  connection: EslConnection,
  command: string,
  args: readonly string[],
  deadlines: Deadlines,
  ...signals: readonly AbortSignal[]
): Promise<string> {
  const answered = new Promise<string>((resolve, reject) => {
    if (connection.socket === null) return reject(new MediaError('lost', 'the connection is gone'))
    connection.api(command, args, (reply) => resolve(reply.getBody()))
  })
  return deadlines.within(answered, API_MS, command, ...signals)
}

async function authenticated(options: SessionOptions, deadlines: Deadlines): Promise<EslConnection> {
  const { host, port, secret } = options
  let link: EslConnection | undefined
  const ready = new Promise<EslConnection>((resolve, reject) => {
    const opened = openLink(host, port, secret, () => resolve(opened))
    link = opened
    const fail = (why: string) => () => reject(new MediaError('lost', why))
    opened.on('error', (error: Error) => fail(error.message)())
    opened.on('esl::end', fail('the connection was closed'))
    opened.on('esl::event::auth::fail', fail('the password was refused'))
    opened.on('esl::event::raw::text/rude-rejection', fail('refused by an access list'))
  })
  try {
    return await deadlines.within(ready, CONNECT_MS, `${host}:${port}`)
  } catch (error) {
    link?.socket?.destroy()
    throw error
  }
}

/** fsmrf's listener has nobody for its errors, and would end the process. */
async function listenable(host: string): Promise<void> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) =>
      reject(new MediaError('lost', `cannot listen on ${host}: ${error.message}`)),
    )
    probe.listen(0, host, () => probe.close(() => resolve()))
  })
}
