import { number } from './wire.js'

/** DTLS 1.2 on the wire (RFC 6347 §4.1). */
export const DTLS_1_2 = 0xfefd

export const ContentType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const

export interface DtlsRecord {
  type: number
  version: number
  epoch: number
  /** Of 48 bits, within the epoch. */
  sequence: number
  fragment: Buffer
}

const HEADER = 13

/** Records of a datagram, up to the first that is cut short or of no DTLS (RFC 6347 §4.1.2.7: dropped silently). */
export function parseRecords(datagram: Buffer): DtlsRecord[] {
  const records: DtlsRecord[] = []
  for (let at = 0; at + HEADER <= datagram.length;) {
    const end = at + HEADER + datagram.readUInt16BE(at + 11)
    const version = datagram.readUInt16BE(at + 1)
    if (end > datagram.length || version >> 8 !== 0xfe) break
    records.push({
      type: datagram[at]!,
      version,
      epoch: datagram.readUInt16BE(at + 3),
      sequence: datagram.readUIntBE(at + 5, 6),
      fragment: datagram.subarray(at + HEADER, end),
    })
    at = end
  }
  return records
}

export function encodeRecord({ type, version, epoch, sequence, fragment }: DtlsRecord): Buffer {
  const head = [number(1, type), number(2, version), number(2, epoch), number(6, sequence)]
  return Buffer.concat([...head, number(2, fragment.length), fragment])
}
