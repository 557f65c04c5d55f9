import { createHmac, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

export interface Check {
  user: string
  password: string
  nominates?: boolean
  controlled?: boolean
}

/** A connectivity check as a browser makes it, of a transaction of its own. */
export function check({ user, password, nominates = false, controlled = false }: Check): Buffer {
  const attribute = (type: number, value: Buffer) => {
    const head = Buffer.alloc(4)
    head.writeUInt16BE(type)
    head.writeUInt16BE(value.length, 2)
    return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)])
  }
  const content = Buffer.concat([
    attribute(0x0006, Buffer.from(user)),
    attribute(0x0024, Buffer.from('6e0001ff', 'hex')),
    attribute(controlled ? 0x8029 : 0x802a, Buffer.from('932ff9b151263b36', 'hex')),
    ...(nominates ? [attribute(0x0025, Buffer.alloc(0))] : []),
  ])
  const head = Buffer.concat([Buffer.from('000100002112a442', 'hex'), randomBytes(12)])
  const sized = (bytes: Buffer, more: number) => {
    bytes.writeUInt16BE(bytes.length - 20 + more, 2)
    return bytes
  }
  const bare = sized(Buffer.concat([head, content]), 24)
  const integrity = createHmac('sha1', password).update(bare).digest()
  const signed = sized(Buffer.concat([bare, attribute(0x0008, integrity)]), 8)
  const print = Buffer.alloc(4)
  print.writeUInt32BE((crc32(signed) ^ 0x5354554e) >>> 0)
  return Buffer.concat([signed, attribute(0x8028, print)])
}
