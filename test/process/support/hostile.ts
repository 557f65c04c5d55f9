import type { DialogId } from '../../../src/demo/sip/dialog.js'
import type { DigestSession } from '../../../src/demo/sip/digest.js'
import { freshId, header, headerLines, type SipRequest } from '../../../src/demo/sip/message.js'
import type { Address } from '../../../src/demo/sip/uri.js'

/** Well-formed messages of every kind, written by hand: what becomes of them is for those who spoil them. */

const SDP = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 9 RTP/AVP 0 8 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-15',
  'a=sendrecv',
  '',
].join('\r\n')

export interface Sender {
  readonly protocol: 'udp' | 'tcp'
  readonly local: Address
}

export interface Aim {
  /** A user who sleeps, and is called. */
  readonly sleeper: string
  /** Registers, with credentials that are good. */
  readonly user: string
  readonly digest: DigestSession
  /** A call that is up: requests within it come from somebody else. */
  readonly dialog: DialogId
}

/** One message of each kind; the ids are new each time, so that none is a copy of another. */
export function oneOfEach(sender: Sender, aim: Aim, round: number): Buffer[] {
  const write = writer(sender, freshId())
  const { sleeper, dialog } = aim
  const within = (method: string, more: string[] = [], body = ''): string =>
    write(`${method} sip:placeholder@127.0.0.1 SIP/2.0`, `${2000 + round} ${method}`, more, body, {
      callId: dialog.callId,
      from: `<sip:+15550000@example.net>;tag=${dialog.localTag}`,
      to: `<sip:bob@example.net>;tag=${dialog.remoteTag}`,
    })
  const invite = `INVITE sip:${sleeper}@example.net SIP/2.0`
  const status = (line: string, cseq: string): string => write(`SIP/2.0 ${line}`, cseq, [], SDP)
  return [
    write(invite, '1 INVITE', ['Supported: timer, 100rel', 'Session-Expires: 1800;refresher=uac'], SDP),
    write(invite, '1 INVITE', identities, SDP, { branch: freshId(), callId: freshId() }),
    write(invite, '1 INVITE', ['Require: 100rel'], '', { branch: freshId(), callId: freshId() }),
    write(`INVITE tel:+15550000 SIP/2.0`, '1 INVITE', [], SDP, { branch: freshId(), callId: freshId() }),
    write(`CANCEL sip:${sleeper}@example.net SIP/2.0`, '1 CANCEL'),
    write(`ACK sip:${sleeper}@example.net SIP/2.0`, '1 ACK'),
    register(write, aim, ['Contact: *', 'Expires: 0']),
    register(write, aim, [contactOf(sender, aim.user), `Authorization: ${authorization(aim)}`]),
    write('OPTIONS sip:example.net SIP/2.0', '1 OPTIONS', [], '', { branch: freshId() }),
    within('BYE'),
    within('UPDATE', [], SDP),
    within('INVITE', [], SDP),
    within('INFO', ['Content-Type: application/dtmf-relay'], 'Signal=1\r\nDuration=100\r\n'),
    within('PRACK', ['RAck: 1 1 INVITE']),
    write('SUBSCRIBE sip:bob@example.net SIP/2.0', '1 SUBSCRIBE', ['Event: presence'], '', fresh()),
    write('MESSAGE sip:bob@example.net SIP/2.0', '1 MESSAGE', [], 'hello', fresh()),
    write('FROBNICATE sip:bob@example.net SIP/2.0', '1 FROBNICATE', [], '', fresh()),
    status('180 Ringing', '1 INVITE'),
    status('200 OK', '1 INVITE'),
    status('486 Busy Here', '1 INVITE'),
    status('200 OK', '1 BYE'),
  ].map((text) => Buffer.from(text))
}

const identities = [
  'P-Asserted-Identity: "A" <sip:+15550000@example.net>, <tel:+15550000>',
  'Privacy: none',
  'Diversion: <sip:+15559999@example.net>;reason=unconditional;counter=1',
  'History-Info: <sip:+15559999@example.net?Reason=SIP%3Bcause%3D302>;index=1',
  'User-to-User: 56a390f3d2b7310023;encoding=hex',
]

interface Ids {
  readonly callId?: string
  readonly branch?: string
  readonly from?: string
  readonly to?: string
}

const fresh = (): Ids => ({ callId: freshId(), branch: freshId() })

type Write = (start: string, cseq: string, headers?: string[], body?: string, ids?: Ids) => string

function writer({ protocol, local }: Sender, id: string): Write {
  return (start, cseq, headers = [], body = '', ids = {}) => {
    const { callId = id, branch = id, from = `<sip:+15550000@example.net>;tag=${id}` } = ids
    const lines = [
      start,
      `Via: SIP/2.0/${protocol.toUpperCase()} ${local.host}:${local.port};branch=z9hG4bK${branch};rport`,
      'Max-Forwards: 70',
      `From: ${from}`,
      `To: ${ids.to ?? '<sip:alice@example.net>'}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq}`,
      ...(headers.some((line) => line.startsWith('Contact')) ? [] : [contactOf({ protocol, local }, 'x')]),
      ...headers,
      ...(body === SDP ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ]
    return `${lines.join('\r\n')}\r\n\r\n${body}`
  }
}

/** A REGISTER as it should be; with credentials once the user was challenged. */
export function registration(sender: Sender, aim: Aim): Buffer {
  const credentials = authorization(aim)
  const more = credentials === '' ? [] : [`Authorization: ${credentials}`]
  return Buffer.from(register(writer(sender, freshId()), aim, [contactOf(sender, aim.user), ...more]))
}

function register(write: Write, { user }: Aim, headers: string[]): string {
  const address = `<sip:${user}@example.net>`
  const ids = { ...fresh(), from: `${address};tag=${freshId()}`, to: address }
  return write('REGISTER sip:example.net SIP/2.0', '1 REGISTER', headers, '', ids)
}

function contactOf({ protocol, local }: Sender, user: string): string {
  return `Contact: <sip:${user}@${local.host}:${local.port};transport=${protocol};pn-provider=acme;pn-prid=token-of-${user};pn-param=app>;expires=60`
}

function authorization({ digest }: Aim): string {
  return digest.authorize('REGISTER', 'sip:example.net')?.[1] ?? ''
}

/**
 * Whether those whom it names as the next to be talked to are on this machine: a spoiled digit must not have the
 * server send to the world.
 */
export function staysHere(message: Buffer): boolean {
  const lines = message.toString('latin1').split(/\r?\n/)
  const next = lines.filter((line) => /^(contact|m|route|record-route)\b/i.test(line))
  return next.every((line) => [...line.matchAll(/@([^:;>]*)/g)].every(([, host]) => host === '127.0.0.1'))
}

/** A response to a request of the server's, with its Vias and tags. */
export function replyTo(request: SipRequest, line: string, { local }: Sender, sdp: boolean): Buffer {
  const to = header(request, 'To') ?? ''
  const body = sdp ? SDP : ''
  const lines = [
    `SIP/2.0 ${line}`,
    ...headerLines(request, 'Via').map((via) => `Via: ${via}`),
    `From: ${header(request, 'From') ?? ''}`,
    `To: ${to}${to.includes('tag=') ? '' : ';tag=hostile'}`,
    `Call-ID: ${header(request, 'Call-ID') ?? ''}`,
    `CSeq: ${header(request, 'CSeq') ?? ''}`,
    `Contact: <sip:mallory@${local.host}:${local.port}>`,
    ...(sdp ? ['Content-Type: application/sdp'] : []),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** What no chance mutation comes upon. */
export function cruelties(sender: Sender): Buffer[] {
  const write = writer(sender, freshId())
  const invite = (headers: string[], body = ''): string =>
    write('INVITE sip:alice@example.net SIP/2.0', '1 INVITE', headers, body, fresh())
  const many = (text: string, times: number): string => text.repeat(times)
  return [
    '',
    '\r\n\r\n',
    '\0'.repeat(1000),
    many('INVITE ', 5000),
    many('\r\n', 10_000),
    invite([`X-Params: a${many(';a=b', 10_000)}`]),
    invite([`Contact: <sip:a@127.0.0.1${many(';p=%41', 8000)}>`]),
    invite([`P-Asserted-Identity: ${many('"\\"', 10_000)}`]),
    invite([`Diversion: ${many('<', 20_000)}`]),
    invite([`History-Info: ${many('<sip:a@b>;index=1,', 2500)}<sip:a@b>;index=1`]),
    invite([`Supported: ${many('a,', 20_000)}b`]),
    invite([`Session-Expires: ${many('9', 10_000)}`]),
    invite([`Subject: ${many('\r\n ', 10_000)}end`]),
    invite(Array.from({ length: 2000 }, () => 'Via: SIP/2.0/UDP 127.0.0.1')),
    invite(Array.from({ length: 2000 }, () => 'Require: a')),
    invite(['Max-Forwards: -1', 'CSeq: 99999999999 INVITE', 'Content-Length: -5']),
    invite([`Authorization: Digest ${many('a="b",', 8000)}`]),
    invite(['Content-Type: application/sdp'], many('m=audio 9 RTP/AVP 0\r\n', 2000)),
    invite(['Content-Type: application/sdp'], `v=0\r\n${many('a=rtpmap:0 PCMU/8000\r\n', 2000)}`),
    `INVITE sip:${many('%61', 15_000)}@example.net SIP/2.0\r\n\r\n`,
  ].map((text) => Buffer.from(text))
}
