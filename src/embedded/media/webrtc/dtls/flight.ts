import type { HandshakeMessage } from './messages.js'
import { fragments } from './messages.js'
import { seal, type WriteKeys } from './protection.js'
import { ContentType, DTLS_1_2, encodeRecord, type DtlsRecord } from './records.js'
import { Alert } from './wire.js'

/** Of a handshake message in one record; with all headers it fits any path (RFC 8831 §5 takes 1200). */
const LARGEST_FRAGMENT = 1000
const LARGEST_DATAGRAM = 1200

export interface Outgoing {
  type: number
  content: HandshakeMessage | Buffer
  /** 1: under the new keys. */
  epoch: 0 | 1
}

/** Numbers and seals what is sent: a record sent once more has a new number (RFC 6347 §4.2.1). */
export class RecordWriter {
  readonly #sequences: [number, number] = [0, 0]
  #keys: WriteKeys | undefined

  useKeys(keys: WriteKeys): void {
    this.#keys = keys
  }

  /** The datagrams of a flight, as few as will do. */
  datagrams(flight: readonly Outgoing[]): Buffer[] {
    const packed: Buffer[] = []
    for (const record of flight.flatMap((each) => this.#records(each))) {
      const last = packed.at(-1)
      if (last && last.length + record.length <= LARGEST_DATAGRAM) {
        packed[packed.length - 1] = Buffer.concat([last, record])
      } else packed.push(record)
    }
    return packed
  }

  #records({ type, content, epoch }: Outgoing): Buffer[] {
    const pieces = Buffer.isBuffer(content) ? [content] : fragments(content, LARGEST_FRAGMENT)
    return pieces.map((fragment) => {
      const sequence = this.#sequences[epoch]++
      const record: DtlsRecord = { type, version: DTLS_1_2, epoch, sequence, fragment }
      return encodeRecord(epoch === 1 && this.#keys ? seal(record, this.#keys) : record)
    })
  }
}

export function handshake(message: HandshakeMessage, epoch: 0 | 1 = 0): Outgoing {
  return { type: ContentType.handshake, content: message, epoch }
}

export const changeCipherSpec: Outgoing = {
  type: ContentType.changeCipherSpec,
  content: Buffer.from([1]),
  epoch: 0,
}

/** Levels of alerts (RFC 5246 §7.2). */
const WARNING = 1
export const FATAL = 2

export function fatalAlert(alert: number, epoch: 0 | 1): Outgoing {
  return { type: ContentType.alert, content: Buffer.from([FATAL, alert]), epoch }
}

/** Answers the peer's own (RFC 5246 §7.2.1). */
export const closeNotify: Outgoing = {
  type: ContentType.alert,
  content: Buffer.from([WARNING, Alert.closeNotify]),
  epoch: 1,
}
