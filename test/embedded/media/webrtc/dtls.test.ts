import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { fragments, Reassembly } from '../../../../src/embedded/media/webrtc/dtls/messages.js'
import { encodeRecord, parseRecords } from '../../../../src/embedded/media/webrtc/dtls/records.js'
import { createCertificate, fingerprintOf, Handshake, type HandshakeOptions } from './handshake.js'

let certificate: HandshakeOptions['certificate']
let another: HandshakeOptions['certificate']
beforeAll(async () => {
  certificate = await createCertificate()
  another = await createCertificate()
})

function begun(options: Partial<HandshakeOptions> = {}): Handshake {
  const handshake = new Handshake({ certificate, ...options })
  handshake.begin()
  return handshake
}

/** What a fatal alert says, of the last datagram. */
function lastAlert({ sent }: Handshake): number | undefined {
  const last = sent.at(-1)
  return last?.[0] === 21 ? last.at(-1) : undefined
}

/** The records of a datagram: those in the clear, and those under the new keys. */
function parted(datagram: Buffer): [Buffer[], Buffer[]] {
  const records = parseRecords(datagram)
  const of = (epoch: number) => records.filter((record) => record.epoch === epoch).map(encodeRecord)
  return [of(0), of(1)]
}

function isCertificateVerify(record: Buffer): boolean {
  return record[0] === 22 && record[13] === 15
}

/** A ClientHello in one record with one more extension, which takes the place of an earlier one of its type. */
function withExtension(datagram: Buffer, extension: Buffer): Buffer {
  const body = datagram.subarray(13 + 12)
  // Behind version and random lie session id, cookie, suites and compression, each behind its length.
  const cookie = 34 + 1 + (body[34] ?? 0)
  const suites = cookie + 1 + (body[cookie] ?? 0)
  const compression = suites + 2 + body.readUInt16BE(suites)
  const list = compression + 1 + (body[compression] ?? 0)
  const longer = Buffer.concat([datagram, extension])
  const grow = (at: number) => longer.writeUInt16BE(longer.readUInt16BE(at) + extension.length, at)
  // The lengths of the record, of the message, of its fragment, and of the extensions.
  for (const at of [11, 13 + 2, 13 + 10, 13 + 12 + list]) grow(at)
  return longer
}

/** A record of a fragment of the client's first message that holds nothing. */
const EMPTY_HELLO = Buffer.from('16fefd0000000000000009000c010000000000000000000000', 'hex')

describe('a DTLS handshake', () => {
  it('ends with the same keys on both sides, and leaves no timer', async () => {
    const handshake = begun()
    const connected = new Promise((resolve) => handshake.client.onConnect.once(resolve))
    const keys = await handshake.outcome
    await connected
    const theirs = handshake.client.extractSessionKeys(16, 14) as Record<string, Buffer>
    expect(keys).toEqual({
      ours: { key: theirs['remoteKey'], salt: theirs['remoteSalt'] },
      theirs: { key: theirs['localKey'], salt: theirs['localSalt'] },
    })
    expect(handshake.server.timers).toBe(0)
  })

  it('goes on where our first flight is lost: it is sent again after a while', async () => {
    let lost = 0
    const handshake = begun({
      toClient: (datagram) => (handshake.timer === undefined && lost++ < 9 ? [] : [datagram]),
    })
    while (handshake.timer === undefined) await new Promise((resolve) => setImmediate(resolve))
    expect(lost).toBeGreaterThan(0)
    expect(handshake.timer.ms).toBe(400)
    handshake.timer.run()
    expect(await handshake.outcome).toHaveProperty('ours')
  })

  it('goes on where the client lost our last flight: it says so by saying its own again', async () => {
    let finished = false
    let lost = 0
    const handshake = begun({
      toClient: (datagram) => {
        if (finished && lost++ === 0) return []
        return [datagram]
      },
      toServer: (datagram) => {
        finished ||= datagram[3] === 0 && datagram[4] === 1
        return [datagram]
      },
    })
    const connected = new Promise((resolve) => handshake.client.onConnect.once(resolve))
    await handshake.outcome
    // A client that has not heard us repeats what it said last.
    const { dtls, transport } = handshake.client
    expect(lost).toBe(1)
    for (const datagram of dtls.lastMessage) await transport.send(datagram)
    await connected
  })

  it('is no amplifier: what comes again and again is answered a few times, in each of its steps', async () => {
    let recorded: Buffer = Buffer.alloc(0)
    const handshake = begun({
      toServer: (datagram, count) => {
        const [, sealed] = parted(datagram)
        if (sealed[0]) recorded = sealed[0]
        return count === 0 ? [datagram, ...Array.from({ length: 1000 }, () => EMPTY_HELLO)] : [datagram]
      },
    })
    await handshake.outcome
    // A flight has two datagrams; the client's repetitions may have used up the same measure.
    expect(handshake.written).toBeLessThanOrEqual(2 + 2 * 20 + 1)
    const before = handshake.written
    for (let count = 0; count < 1000; count += 1) handshake.server.receive(recorded)
    expect(handshake.written - before).toBe(20)
  })

  it('stands datagrams that come twice', async () => {
    const handshake = begun({ toServer: (datagram) => [datagram, datagram] })
    expect(await handshake.outcome).toHaveProperty('ours')
  })

  it('is not disturbed where the last message overtakes the one before it', async () => {
    const held: Buffer[] = []
    const handshake = begun({
      toServer: (datagram) => {
        const [before, sealed] = parted(datagram)
        held.push(...before.filter(isCertificateVerify))
        const rest = [...before.filter((record) => !isCertificateVerify(record)), ...sealed]
        return sealed.length > 0 ? [...rest, ...held.splice(0)] : rest
      },
    })
    expect(await handshake.outcome).toHaveProperty('ours')
  })

  it('goes on where the message before the last is lost: the client says it again', async () => {
    let lost = 0
    const handshake = begun({
      toServer: (datagram) => {
        const [before, sealed] = parted(datagram)
        const arriving = before.filter((record) => !isCertificateVerify(record) || lost++ > 0)
        return [...arriving, ...sealed]
      },
    })
    await expect.poll(() => lost, { interval: 5 }).toBe(1)
    await expect.poll(() => handshake.timer, { interval: 5 }).toBeDefined()
    // Our flight again makes the client repeat its own.
    handshake.timer?.run()
    expect(await handshake.outcome).toHaveProperty('ours')
  })

  it('refuses a certificate that the description does not name', async () => {
    const handshake = begun({ fingerprint: fingerprintOf(another) })
    expect(await handshake.outcome).toEqual({ failed: 'the certificate is not the one of the description' })
    await expect.poll(() => lastAlert(handshake), { interval: 5 }).toBe(42)
    expect(handshake.server.timers).toBe(0)
  })

  it('refuses who shows the right certificate and does not have its key', async () => {
    const handshake = begun({ key: another.keyPem })
    expect(await handshake.outcome).toEqual({ failed: 'the peer does not have the key of its certificate' })
    await expect.poll(() => lastAlert(handshake), { interval: 5 }).toBe(51)
  })

  it('refuses what was changed on its way, be it only the first message', async () => {
    const handshake = begun({
      toServer: (datagram, count) => {
        const changed = Buffer.from(datagram)
        // In the client's random, behind the headers of record and message and the version.
        if (count === 0) changed[13 + 12 + 2 + 5]! ^= 1
        return [changed]
      },
    })
    expect(await handshake.outcome).toHaveProperty('failed')
  })

  it.each([
    ['extended master secret', { extendedMasterSecret: false }],
    ['SRTP_AES128_CM_HMAC_SHA1_80', { srtp: false }],
  ])('refuses a client without %s', async (what, options) => {
    const handshake = begun(options)
    expect(await handshake.outcome).toEqual({ failed: `the peer has no ${what}` })
    await expect.poll(() => lastAlert(handshake), { interval: 5 }).toBe(40)
  })

  it('refuses a client that believes to renegotiate: its session was with somebody else', async () => {
    const handshake = begun({
      toServer: (datagram) => [
        withExtension(datagram, Buffer.from('ff01000d0c0102030405060708090a0b0c', 'hex')),
      ],
    })
    expect(await handshake.outcome).toEqual({ failed: 'the peer goes on with a session that is not ours' })
    await expect.poll(() => lastAlert(handshake), { interval: 5 }).toBe(40)
  })

  it('gives a client up that does not go on', async () => {
    const handshake = begun({ toServer: (datagram, count) => (count === 0 ? [datagram] : []) })
    const waits: number[] = []
    while (handshake.timer === undefined) await new Promise((resolve) => setImmediate(resolve))
    for (let timer = handshake.timer; timer !== undefined; timer = handshake.timer) {
      waits.push(timer.ms)
      timer.run()
      if (waits.length > 20) break
    }
    expect(waits).toEqual([400, 800, 1600, 3200, 6400, 12_800, 25_600])
    expect(await handshake.outcome).toEqual({ failed: 'the peer does not answer' })
  })

  it('is not disturbed by what is no DTLS, and never throws', async () => {
    const noise = (datagram: Buffer): Buffer[] => [
      Buffer.alloc(0),
      Buffer.from([22]),
      Buffer.concat([Buffer.from([22, 3, 3]), randomBytes(40)]),
      datagram.subarray(0, 20),
      Buffer.concat([Buffer.from([22, 0xfe, 0xfd, 0, 7]), randomBytes(6), Buffer.from([0, 2, 9, 9])]),
      datagram,
    ]
    expect(await begun({ toServer: noise }).outcome).toHaveProperty('ours')
  })

  it.each([
    ['a fatal alert', '15fefd000000000000000900020228'],
    ['a record that holds no whole fragment', '16fefd000000000000000900050b00000500'],
    ['a fragment with less than it says', '16fefd0000000000000009000c0b0000050001000000000005'],
  ])('is not ended by %s in the clear, which anybody can have sent', async (_what, forged) => {
    const noise = Buffer.from(forged, 'hex')
    expect(await begun({ toServer: (datagram) => [noise, datagram, noise] }).outcome).toHaveProperty('ours')
  })

  it('says nothing more once it is closed', async () => {
    const handshake = begun({ toServer: (datagram, count) => (count === 0 ? [datagram] : []) })
    while (handshake.timer === undefined) await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    const sent = handshake.sent.length
    handshake.server.close()
    handshake.server.receive(Buffer.from(handshake.sent[0] ?? []))
    await new Promise((resolve) => setImmediate(resolve))
    expect(handshake.sent).toHaveLength(sent)
    expect(handshake.timer).toBeUndefined()
  })
})

describe('messages in fragments', () => {
  const first = { type: 11, epoch: 0, sequence: 0, body: randomBytes(1000) }
  const second = { type: 16, epoch: 0, sequence: 1, body: randomBytes(70) }

  it('are put together whatever order they come in', () => {
    const pieces = [...fragments(first, 300), ...fragments(second, 300)].reverse()
    const reassembly = new Reassembly()
    const whole = pieces.flatMap((piece) => reassembly.receive(piece, 0).messages)
    expect(whole).toEqual([first, second])
  })

  it('are of one epoch each: one in the clear is no part of a sealed one, and gives way to it', () => {
    const reassembly = new Reassembly()
    const [head = Buffer.alloc(0), tail = Buffer.alloc(0)] = fragments(first, 500)
    const receive = (piece: Buffer, epoch: number) => reassembly.receive(piece, epoch).messages
    expect([receive(head, 0), receive(tail, 1), receive(head, 0)]).toEqual([[], [], []])
    expect(receive(head, 1)).toEqual([{ ...first, epoch: 1 }])
  })

  it('are whole when each byte is there, however the fragments overlap', () => {
    const reassembly = new Reassembly()
    const pieces = [...fragments(first, 400), ...fragments(first, 300)]
    const [a, b, c, , , d, e] = pieces
    const whole = [a, a, d, c, c, e, b].map(
      (piece = Buffer.alloc(0)) => reassembly.receive(piece, 0).messages,
    )
    expect(whole).toEqual([[], [], [], [], [], [], [first]])
  })

  it('are not looked through again for each record that comes', () => {
    const reassembly = new Reassembly()
    const [head = Buffer.alloc(0), tail = Buffer.alloc(0)] = fragments(first, 999)
    const empty = Buffer.concat([head.subarray(0, 9), Buffer.alloc(3)])
    reassembly.receive(head, 0)
    const looks = vi.spyOn(Uint8Array.prototype, 'every')
    for (let count = 0; count < 10; count += 1) reassembly.receive(empty, 0)
    expect(looks).not.toHaveBeenCalled()
    looks.mockRestore()
    expect(reassembly.receive(tail, 0).messages).toEqual([first])
  })

  it('are handed out once, and known when they come again', () => {
    const reassembly = new Reassembly()
    const [piece = Buffer.alloc(0)] = fragments(first, 2000)
    expect(reassembly.receive(piece, 0)).toEqual({ messages: [first], repeated: false })
    expect(reassembly.receive(piece, 0)).toEqual({ messages: [], repeated: true })
  })

  it('that contradict each other, or say to be huge, come to nothing', () => {
    const reassembly = new Reassembly()
    const [head = Buffer.alloc(0), tail = Buffer.alloc(0)] = fragments(first, 500)
    reassembly.receive(head, 0)
    const other = Buffer.from(tail)
    other.writeUIntBE(900, 1, 3)
    expect(reassembly.receive(other, 0).messages).toEqual([])
    const huge = Buffer.from(head)
    huge.writeUIntBE(0xffffff, 1, 3)
    huge.writeUInt16BE(1, 4)
    expect(reassembly.receive(huge, 0).messages).toEqual([])
    expect(reassembly.receive(tail, 0).messages).toEqual([first])
  })
})
