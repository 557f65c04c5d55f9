import type { AppMessage } from '../control/app.js'
import type { Headers } from '../message/headers.js'
import { headerKey, wireName } from '../message/names.js'
import { hostPort } from '../message/uri.js'
import type { HeaderLine } from '../transaction/client-transaction.js'
import { advertisedAddress } from '../transport/local-address.js'
import type { Flow } from '../transport/transport.js'

/** What only the server may say: it knows the path that a message takes. */
const SERVERS_OWN = new Set(['via', 'route', 'record-route', 'rseq', 'content-length'])

/** What identifies a message within its dialog or transaction. */
export const IDENTITY: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq'])

/** Headers in which an app may write `localhost` for the server's own address. */
const WITH_LOCALHOST = new Set(['from', 'to', 'contact', 'p-asserted-identity'])

const LOCALHOST = /(sips?:(?:[^@<>;\s]*@)?)localhost(?::[0-9]+)?(?=[;>?\s]|$)/i

/** A header line of an app: found by its key, written by its name. */
interface Field {
  readonly key: string
  readonly name: string
  readonly value: string
}

/** The header lines of an app, as they may go to the wire. */
export class AppHeaders {
  private readonly fields: Field[] = []

  /** False where the body has no Content-Type, and none can be told. */
  readonly typed: boolean

  /** `flow`: the way that the message goes, whose local address `localhost` stands for. */
  constructor(message: AppMessage, flow: Flow) {
    for (const [given, value] of message.lines) {
      const { key, name } = spelling(given)
      if (!SERVERS_OWN.has(key)) this.fields.push({ key, name, value: withLocalHost(key, value, flow) })
    }
    const { body } = message
    const untyped = body.length > 0 && this.get('content-type') === undefined
    // drachtio-server knows a session description by how it begins.
    const isSdp = untyped && body[0] === 0x76 && body[1] === 0x3d && body[2] === 0x30
    if (isSdp) this.fields.push({ key: 'content-type', name: 'Content-Type', value: 'application/sdp' })
    this.typed = !untyped || isSdp
  }

  get(key: string): string | undefined {
    for (const field of this.fields) if (field.key === key) return field.value
    return undefined
  }

  /** Adds the lines that are not among `keys`. */
  addTo(headers: Headers, keys: ReadonlySet<string>): void {
    for (const { key, name, value } of this.fields) if (!keys.has(key)) headers.add(name, value)
  }

  /** The lines that are not among `keys`. */
  except(keys: ReadonlySet<string>): HeaderLine[] {
    return this.fields.filter(({ key }) => !keys.has(key)).map(({ name, value }) => [name, value])
  }
}

/** Of an app's own lines, the value of the first that has this key. */
export function lineOf(message: AppMessage, key: string): string | undefined {
  for (const [name, value] of message.lines) if (spelling(name).key === key) return value
  return undefined
}

interface Spelling {
  readonly key: string
  readonly name: string
}

/** An app spells few names, and each of them the same way every time. */
const SPELLINGS = new Map<string, Spelling>()
const MOST_SPELLINGS = 500

function spelling(given: string): Spelling {
  const known = SPELLINGS.get(given)
  if (known) return known
  const found = { key: headerKey(given), name: wireName(given) }
  if (SPELLINGS.size < MOST_SPELLINGS) SPELLINGS.set(given, found)
  return found
}

function withLocalHost(key: string, value: string, flow: Flow): string {
  if (!WITH_LOCALHOST.has(key) || !value.includes('localhost')) return value
  const { host, port } = advertisedAddress(flow.point, flow.remote.address)
  return value.replace(LOCALHOST, (_, start: string) => start + hostPort(host, port))
}
