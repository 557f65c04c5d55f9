import type { AppMessage } from '../control/command.js'
import { headerKey, wireName } from '../message/names.js'
import { hostPort } from '../message/uri.js'
import type { HeaderLine } from '../transaction/client-transaction.js'

/** What only the server may say: it knows the path that a message takes. */
const SERVERS_OWN = new Set(['via', 'route', 'record-route', 'rseq', 'content-length'])

/** What identifies a message within its dialog or transaction. */
export const IDENTITY = new Set(['from', 'to', 'call-id', 'cseq'])

/** Headers in which an app may write `localhost` for the server's own address. */
const WITH_LOCALHOST = new Set(['from', 'to', 'contact', 'p-asserted-identity'])

const LOCALHOST = /(sips?:(?:[^@<>;\s]*@)?)localhost(?::[0-9]+)?(?=[;>?\s]|$)/i

export interface LocalAddress {
  readonly host: string
  readonly port: number
}

/** The header lines of an app, as they may go to the wire. */
export class AppHeaders {
  readonly lines: readonly HeaderLine[]

  /** False where the body has no Content-Type, and none can be told. */
  readonly typed: boolean

  constructor(message: AppMessage, local: LocalAddress) {
    const lines: HeaderLine[] = message.lines
      .filter(([name]) => !SERVERS_OWN.has(headerKey(name)))
      .map(([name, value]) => [wireName(name), withLocalHost(headerKey(name), value, local)])
    const untyped = message.body.length > 0 && !lines.some(([name]) => headerKey(name) === 'content-type')
    // drachtio-server knows a session description by how it begins.
    const isSdp = untyped && message.body.toString('latin1', 0, 3) === 'v=0'
    if (isSdp) lines.push(['Content-Type', 'application/sdp'])
    this.lines = lines
    this.typed = !untyped || isSdp
  }

  get(key: string): string | undefined {
    return this.lines.find(([name]) => headerKey(name) === key)?.[1]
  }

  /** The lines that are not among `keys`. */
  except(keys: ReadonlySet<string>): HeaderLine[] {
    return this.lines.filter(([name]) => !keys.has(headerKey(name)))
  }
}

function withLocalHost(key: string, value: string, local: LocalAddress): string {
  if (!WITH_LOCALHOST.has(key) || !value.includes('localhost')) return value
  return value.replace(LOCALHOST, (_, start: string) => start + hostPort(local.host, local.port))
}

export interface RequestLine {
  readonly method: string
  readonly uri: string
}

export function parseRequestLine(startLine: string): RequestLine | undefined {
  const match = /^([A-Za-z0-9\-.!%*_+`'~]+)\s+(\S+)(?:\s+SIP\/2\.0)?$/.exec(startLine)
  return match?.[1] === undefined || match[2] === undefined ? undefined : { method: match[1], uri: match[2] }
}

export interface StatusLine {
  readonly status: number
  readonly reason: string
}

export function parseStatusLine(startLine: string): StatusLine | undefined {
  const match = /^SIP\/2\.0\s+([1-6][0-9]{2})(?:\s+(.*))?$/.exec(startLine)
  return match?.[1] === undefined ? undefined : { status: Number(match[1]), reason: match[2] ?? '' }
}
