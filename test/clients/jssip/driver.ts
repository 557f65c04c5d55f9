import type * as JsSIP from 'jssip'
import type { RTCSession } from 'jssip/lib/RTCSession.js'
import { type Hearable, hearingOf } from './hearing.js'
import type { Microphone } from './microphone.js'

/** Something that a JsSIP phone told, as data: it may come out of a browser. */
export interface PhoneEvent {
  readonly name: string
  /** Of the SIP message that made it happen. */
  readonly status?: number
  /** Its Reason header (RFC 3326). */
  readonly why?: string
  /** Its Warning header (RFC 3261 §20.43). */
  readonly warning?: string
  /** JsSIP's own word for why a call is over. */
  readonly cause?: string
  /** Who calls. */
  readonly user?: string
}

export interface Account {
  readonly user: string
  readonly domain: string
  readonly password?: string
  /** A token instead of a password (RFC 8898). */
  readonly token?: string
  /** A UUID by which the server knows the device; one of JsSIP's own by default. */
  readonly instance?: string
  /** Seconds. */
  readonly expires: number
  /** Whether there is a microphone. */
  readonly audio: boolean
  /** The one codec that it offers; all that the browser has by default. */
  readonly voice?: 'opus'
}

/** `authorize`: shows this token from now on. */
export type PhoneCommand = 'call' | 'authorize' | 'answer' | 'terminate' | 'unregister' | 'stop'

export type PhoneCommands = Readonly<Record<PhoneCommand, (argument?: string | number) => void>>

/** Runs a phone on JsSIP, in a browser or not: it registers at once, and has one call at a time. */
export function startPhone(
  library: Pick<typeof JsSIP, 'UA'>,
  socket: JsSIP.Socket,
  { user, domain, password, token, instance, expires, audio, voice }: Account,
  report: (event: PhoneEvent) => void,
  microphone?: Microphone,
): PhoneCommands {
  const agent = new library.UA({
    sockets: [socket],
    uri: `sip:${user}@${domain}`,
    ...(password !== undefined && { password }),
    ...(token !== undefined && { authorization_jwt: `Bearer ${token}` }),
    ...(instance !== undefined && { instance_id: instance }),
    register_expires: expires,
  })
  let session: RTCSession | undefined
  const media = {
    mediaConstraints: { audio, video: false },
    ...(microphone !== undefined && { mediaStream: microphone }),
    pcConfig: { iceServers: [] },
  }
  agent.on('connected', () => report({ name: 'connected' }))
  agent.on('disconnected', () => report({ name: 'disconnected' }))
  agent.on('registered', () => report({ name: 'registered' }))
  agent.on('unregistered', () => report({ name: 'unregistered' }))
  agent.on('registrationFailed', ({ response }) =>
    report({ name: 'registrationFailed', ...responseOf(response) }),
  )
  agent.on('newRTCSession', (event: { session: RTCSession }) => {
    session = event.session
    if (voice !== undefined) offerOnly(voice, session)
    watch(session, report)
  })
  agent.start()
  return {
    call: (uri) => void agent.call(String(uri), media),
    authorize: (shown) => void agent.set('authorization_jwt', `Bearer ${String(shown)}`),
    answer: () => session?.answer(media),
    terminate: (status) => session?.terminate({ status_code: Number(status) }),
    unregister: () => agent.unregister(),
    stop: () => agent.stop(),
  }
}

function watch(session: RTCSession, report: (event: PhoneEvent) => void): void {
  const incoming = String(session.direction) === 'incoming'
  const { user } = session.remote_identity.uri
  if (incoming) report({ name: 'incoming', user: String(user) })
  session.on('progress', () => report({ name: 'progress' }))
  session.on('accepted', () => report({ name: 'accepted' }))
  session.on('confirmed', () => {
    report({ name: 'confirmed' })
    hearingOf(session.connection as unknown as Hearable, () => report({ name: 'hears' }))
  })
  session.on('ended', ({ cause }) => report({ name: 'ended', cause }))
  session.on('failed', ({ cause, message }) => report({ name: 'failed', cause, ...responseOf(message) }))
}

/** Takes all other codecs out of what is sent. */
function offerOnly(voice: string, session: RTCSession): void {
  session.on('sdp', (event) => {
    if (String(event.originator) !== 'local') return
    const [, number = ''] = new RegExp(`^a=rtpmap:(\\d+) ${voice}/`, 'm').exec(event.sdp) ?? []
    event.sdp = event.sdp
      .replace(/^(m=audio \d+ \S+) .*$/m, `$1 ${number}`)
      .replace(/^a=(rtpmap|fmtp|rtcp-fb):(\d+) .*\r\n/gm, (line, _name, other) =>
        other === number ? line : '',
      )
  })
}

/** Of a message as JsSIP has it; a request, or none, has no status. */
function responseOf(message: unknown): { status?: number; why?: string; warning?: string } {
  const response = message as { status_code?: number; getHeader?(name: string): unknown } | null | undefined
  const status = response?.status_code
  const [why, warning] = ['Reason', 'Warning'].map((name) => response?.getHeader?.(name))
  return {
    ...(typeof status === 'number' && { status }),
    ...(typeof why === 'string' && { why }),
    ...(typeof warning === 'string' && { warning }),
  }
}
