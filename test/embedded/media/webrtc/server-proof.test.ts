import { createDecipheriv, createHash, createHmac, verify, X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { createCertificate, Handshake, type Certificate } from './handshake.js'

/**
 * What a client has to check of a server, by RFC 5246 and node:crypto alone: the stack that plays the client elsewhere
 * looks at neither the signature nor the server's Finished.
 */

interface Message {
  type: number
  /** With its header, as it is hashed. */
  bytes: Buffer
  body: Buffer
}

interface Recorded {
  /** In their order, up to the client's Finished, which is sealed. */
  clear: Message[]
  clientFinished: Buffer
  serverFinished: Buffer
  master: Buffer
}

let certificate: Certificate
beforeAll(async () => {
  certificate = await createCertificate()
})

/** Records of a datagram: type, epoch and content, behind a header of 13 bytes. */
function* records(datagram: Buffer): Generator<{ type: number; header: Buffer; content: Buffer }> {
  for (let at = 0; at < datagram.length;) {
    const end = at + 13 + datagram.readUInt16BE(at + 11)
    const header = datagram.subarray(at, at + 13)
    yield { type: header.readUInt8(0), header, content: datagram.subarray(at + 13, end) }
    at = end
  }
}

function message(bytes: Buffer): Message {
  return { type: bytes.readUInt8(0), bytes, body: bytes.subarray(12) }
}

function prf(secret: Buffer, label: string, seed: Buffer, length: number): Buffer {
  const hmac = (...parts: Uint8Array[]) =>
    parts.reduce((hash, part) => hash.update(part), createHmac('sha256', secret)).digest()
  const labelled = Buffer.concat([Buffer.from(label), seed])
  const [a1, blocks] = [hmac(labelled), [] as Buffer[]]
  for (let a = a1; blocks.length * 32 < length; a = hmac(a)) blocks.push(hmac(a, labelled))
  return Buffer.concat(blocks).subarray(0, length)
}

/** Opens a record of AES-128-GCM (RFC 5288 §3). */
function opened(header: Buffer, content: Buffer, key: Buffer, salt: Buffer): Buffer {
  const [nonce, sealed, tag] = [content.subarray(0, 8), content.subarray(8, -16), content.subarray(-16)]
  const decipher = createDecipheriv('aes-128-gcm', key, Buffer.concat([salt, nonce]))
  const length = Buffer.from([sealed.length >> 8, sealed.length & 0xff])
  // Epoch and sequence stand before type and version here (RFC 6347 §4.1.2.1).
  decipher.setAAD(Buffer.concat([header.subarray(3, 11), header.subarray(0, 3), length]))
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(sealed), decipher.final()])
}

/** A handshake in which nothing gets lost, as both sides saw it. */
async function recorded(): Promise<Recorded> {
  const datagrams: Buffer[] = []
  const keep = (datagram: Buffer) => {
    datagrams.push(Buffer.from(datagram))
    return [datagram]
  }
  const handshake = new Handshake({ certificate, toServer: keep, toClient: keep })
  const connected = new Promise((resolve) => handshake.client.onConnect.once(resolve))
  handshake.begin()
  await connected
  const all = datagrams.flatMap((datagram) => [...records(datagram)]).filter(({ type }) => type === 22)
  const clear = all
    .filter(({ header }) => header.readUInt16BE(3) === 0)
    .map(({ content }) => message(content))
  const [theirs, ours] = all.filter(({ header }) => header.readUInt16BE(3) === 1)
  if (!theirs || !ours) throw new Error('a side did not finish')
  const { masterSecret: master } = handshake.client.cipher
  const keys = prf(master, 'key expansion', Buffer.concat([random(clear, 2), random(clear, 1)]), 40)
  return {
    clear,
    master,
    clientFinished: opened(theirs.header, theirs.content, keys.subarray(0, 16), keys.subarray(32, 36)),
    serverFinished: opened(ours.header, ours.content, keys.subarray(16, 32), keys.subarray(36, 40)),
  }
}

function of(messages: readonly Message[], type: number): Buffer {
  const found = messages.find((each) => each.type === type)
  if (!found) throw new Error(`no message ${type}`)
  return found.body
}

/** Of a hello: 1 of the client, 2 of the server. */
function random(messages: readonly Message[], hello: 1 | 2): Buffer {
  return of(messages, hello).subarray(2, 34)
}

describe('a DTLS server', () => {
  it('signs its share of the key exchange, and both randoms, with the key of its certificate', async () => {
    const { clear } = await recorded()
    const exchange = of(clear, 12)
    // A curve, a point behind its length, the scheme of the signature, and that behind its length.
    const end = 4 + exchange.readUInt8(3)
    expect(exchange.subarray(0, 3)).toEqual(Buffer.from([3, 0, 23]))
    expect(exchange.readUInt16BE(end)).toBe(0x0403)
    const signature = exchange.subarray(end + 4)
    expect(signature).toHaveLength(exchange.readUInt16BE(end + 2))
    // Behind the lengths of the list and of its first entry.
    const { publicKey } = new X509Certificate(of(clear, 11).subarray(6))
    const signed = Buffer.concat([random(clear, 1), random(clear, 2), exchange.subarray(0, end)])
    expect(verify('sha256', signed, publicKey, signature)).toBe(true)
    expect(verify('sha256', signed.subarray(1), publicKey, signature)).toBe(false)
  })

  it('finishes with proof that it saw the handshake as the client did', async () => {
    const { clear, master, clientFinished, serverFinished } = await recorded()
    expect(clear.map(({ type }) => type)).toEqual([1, 2, 11, 12, 13, 14, 11, 16, 15])
    const seen = Buffer.concat([...clear.map(({ bytes }) => bytes), clientFinished])
    const proof = prf(master, 'server finished', createHash('sha256').update(seen).digest(), 12)
    expect(message(serverFinished)).toMatchObject({ type: 20, body: proof })
  })
})
