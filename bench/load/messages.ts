import { headerOf, headersOf } from './scan.js'

/** Where one side of the generator is, and whom it speaks to. */
export interface Side {
  readonly host: string
  readonly port: number
  /** Of its media, where it listens to any. */
  readonly mediaPort: number
  /** host:port of the server. */
  readonly server: string
  readonly domain: string
}

/** What a caller knows of its dialog from the 2xx (RFC 3261 §12.1.2). */
export interface Dialog {
  /** With its tag. */
  readonly to: string
  readonly target: string
  readonly routes: readonly string[]
}

/** Call-IDs carry the number of what they are of, so that no table has to be asked. */
export function callIdOf(mark: string, index: number, run: string): string {
  return `${mark}${index}-${run}`
}

export function dialogOf(ok: string): Dialog {
  const contact = headerOf(ok, 'Contact')
  const from = contact.indexOf('<')
  const target = from < 0 ? contact : contact.slice(from + 1, contact.indexOf('>', from))
  return { to: headerOf(ok, 'To'), target, routes: headersOf(ok, 'Record-Route').reverse() }
}

export function sdp({ host, mediaPort }: Side, session: number): string {
  return (
    `v=0\r\no=- ${session} 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\n` +
    `m=audio ${mediaPort} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n` +
    `a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n`
  )
}

export function invite(side: Side, call: number, phone: number, run: string): string {
  const body = sdp(side, call + 1)
  return (
    `INVITE sip:${phone}@${side.server} SIP/2.0\r\n` +
    `Via: SIP/2.0/UDP ${side.host}:${side.port};branch=z9hG4bKi${call}-${run};rport\r\n` +
    `Max-Forwards: 70\r\n` +
    `From: <sip:caller${call}@${side.domain}>;tag=f${call}\r\n` +
    `To: <sip:${phone}@${side.domain}>\r\n` +
    `Call-ID: ${callIdOf('c', call, run)}\r\n` +
    `CSeq: 1 INVITE\r\n` +
    `Contact: <sip:caller@${side.host}:${side.port}>\r\n` +
    `Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n` +
    `Content-Type: application/sdp\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  )
}

/** The ACK of a 2xx, or a BYE: requests within the dialog. */
export function within(
  side: Side,
  method: 'ACK' | 'BYE',
  call: number,
  run: string,
  { to, target, routes }: Dialog,
): string {
  const cseq = method === 'ACK' ? 1 : 2
  return (
    `${method} ${target} SIP/2.0\r\n` +
    `Via: SIP/2.0/UDP ${side.host}:${side.port};branch=z9hG4bK${method[0] ?? ''}${call}-${run};rport\r\n` +
    `Max-Forwards: 70\r\n` +
    routes.map((route) => `Route: ${route}\r\n`).join('') +
    `From: <sip:caller${call}@${side.domain}>;tag=f${call}\r\n` +
    `To: ${to}\r\n` +
    `Call-ID: ${callIdOf('c', call, run)}\r\n` +
    `CSeq: ${cseq} ${method}\r\n` +
    `Content-Length: 0\r\n\r\n`
  )
}

/** The ACK of a refusal, on the branch of its INVITE, or the CANCEL of it (RFC 3261 §17.1.1.3, §9.1). */
export function besides(
  side: Side,
  method: 'ACK' | 'CANCEL',
  call: number,
  phone: number,
  run: string,
  to: string,
): string {
  return (
    `${method} sip:${phone}@${side.server} SIP/2.0\r\n` +
    `Via: SIP/2.0/UDP ${side.host}:${side.port};branch=z9hG4bKi${call}-${run};rport\r\n` +
    `Max-Forwards: 70\r\n` +
    `From: <sip:caller${call}@${side.domain}>;tag=f${call}\r\n` +
    `To: ${to}\r\n` +
    `Call-ID: ${callIdOf('c', call, run)}\r\n` +
    `CSeq: 1 ${method}\r\n` +
    `Content-Length: 0\r\n\r\n`
  )
}

export interface Registration {
  readonly phone: number
  readonly cseq: number
  /** Seconds; 0 to go to sleep. */
  readonly expires: number
  /** The pn-provider that reaches the push service of this process (RFC 8599). */
  readonly provider: string
  /** Value of Authorization; '' for none. */
  readonly authorization: string
}

/** `index`: of the phone among those of its process. */
export function register(side: Side, run: string, index: number, what: Registration): string {
  const { phone, cseq, expires, provider, authorization } = what
  // A phone that falls asleep can still be pushed: it does not name its push service as it takes its binding back.
  const push = expires === 0 ? '' : `;pn-provider=${provider};pn-prid=${phone};pn-param=app`
  return (
    `REGISTER sip:${side.domain} SIP/2.0\r\n` +
    `Via: SIP/2.0/UDP ${side.host}:${side.port};branch=z9hG4bKr${phone}-${cseq}-${run};rport\r\n` +
    `Max-Forwards: 70\r\n` +
    `From: <sip:${phone}@${side.domain}>;tag=r${phone}-${cseq}\r\n` +
    `To: <sip:${phone}@${side.domain}>\r\n` +
    `Call-ID: ${callIdOf('r', index, run)}\r\n` +
    `CSeq: ${cseq} REGISTER\r\n` +
    `Contact: <sip:${phone}@${side.host}:${side.port}${push}>;+sip.instance="<${instanceOf(phone)}>"\r\n` +
    (authorization === '' ? '' : `Authorization: ${authorization}\r\n`) +
    `Expires: ${expires}\r\n` +
    `Content-Length: 0\r\n\r\n`
  )
}

/** A response to a request, with what it has to take over from it (RFC 3261 §8.2.6). */
export function respond(request: string, status: string, tag: string, more = '', body = ''): string {
  const end = request.indexOf('\r\n\r\n') + 2
  let text = `SIP/2.0 ${status}\r\n`
  for (let at = request.indexOf('\r\n') + 2; at < end;) {
    const next = request.indexOf('\r\n', at) + 2
    const first = request.slice(at, at + 4)
    if (first === 'Via:' || first === 'From' || first === 'Call' || first === 'CSeq' || first === 'Reco') {
      text += request.slice(at, next)
    } else if (first === 'To: ') {
      const line = request.slice(at, next - 2)
      text += line.includes(';tag=') ? `${line}\r\n` : `${line};tag=${tag}\r\n`
    }
    at = next
  }
  const type = body === '' ? '' : 'Content-Type: application/sdp\r\n'
  return `${text}${more}${type}Content-Length: ${body.length}\r\n\r\n${body}`
}

function instanceOf(phone: number): string {
  return `urn:uuid:00000000-0000-4000-8000-${String(phone).padStart(12, '0')}`
}
