import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ProtectionProfileAes128CmHmacSha1_80, RtpHeader, SrtcpSession, SrtpSession } from 'werift'
import { initialCounter, sessionKeys } from '../../../../src/embedded/media/srtp/keys.js'
import { ReplayWindow } from '../../../../src/embedded/media/srtp/replay.js'
import { SrtpOpener, SrtpSealer } from '../../../../src/embedded/media/srtp/session.js'
import { encodeRtp } from '../support/peer.js'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
/** RFC 3711 appendix B.3. */
const master = { key: hex('E1F97A0D3E018BE0D64FA32C06DE4139'), salt: hex('0EC675AD498AFEEBB6960B3AABE6') }

const packet = (sequence: number, payload = randomBytes(160), ssrc = 0x1111) =>
  encodeRtp({ sequence, timestamp: sequence * 160, payload, ssrc })

/** As `sealed`, with one bit turned. */
function forged(sealed: Buffer, at: number): Buffer {
  const changed = Buffer.from(sealed)
  changed[at]! ^= 1
  return changed
}

function independent(): { srtp: SrtpSession; srtcp: SrtcpSession } {
  const config = {
    keys: {
      ...{ localMasterKey: master.key, localMasterSalt: master.salt },
      ...{ remoteMasterKey: master.key, remoteMasterSalt: master.salt },
    },
    profile: ProtectionProfileAes128CmHmacSha1_80,
  }
  return { srtp: new SrtpSession(config), srtcp: new SrtcpSession(config) }
}

describe('the keys of a session', () => {
  it('are those of RFC 3711 B.3', () => {
    const { rtp } = sessionKeys(master)
    expect(rtp.cipher).toEqual(hex('C61E7A93744F39EE10734AFE3FF7A087'))
    expect(rtp.salt).toEqual(hex('30CBBC08863D8C85D49DB34A9AE1'))
    expect(rtp.auth).toEqual(hex('CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4'))
  })

  it('begin their stream with the salt, the source and the index', () => {
    const counter = initialCounter(Buffer.alloc(14), 0xcafebabe, 0x0102_0304_0506)
    expect(counter).toEqual(hex('00000000 CAFEBABE 010203040506 0000'))
  })
})

describe('sealed packets', () => {
  it('are what the test vector of libsrtp says', () => {
    const plain = Buffer.concat([hex('800f1234decafbadcafebabe'), Buffer.alloc(16, 0xab)])
    expect(new SrtpSealer(master).sealRtp(plain)).toEqual(
      hex('800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb'),
    )
  })

  it('are opened to what they were, also past the end of the sequence numbers and out of order', () => {
    const [seal, open] = [new SrtpSealer(master), new SrtpOpener(master)]
    const order = [65_533, 65_535, 65_534, 1, 0, 2]
    for (const sequence of order) {
      const plain = packet(sequence)
      expect(open.openRtp(seal.sealRtp(plain) ?? Buffer.alloc(0))).toEqual(plain)
    }
  })

  it('are understood by another stack, and understood of it, after three rounds of sequence numbers', () => {
    const [seal, open] = [new SrtpSealer(master), new SrtpOpener(master)]
    const { srtp } = independent()
    for (let sent = 0; sent < 200_000; sent += 97) {
      const plain = packet(sent & 0xffff)
      expect(srtp.decrypt(seal.sealRtp(plain) ?? Buffer.alloc(0)).equals(plain)).toBe(true)
      const theirs = srtp.encrypt(plain.subarray(12), RtpHeader.deSerialize(plain))
      expect(open.openRtp(theirs)?.equals(plain)).toBe(true)
    }
  })

  it('keep their CSRCs and extensions in the clear, and nothing else', () => {
    const plain = Buffer.concat([
      hex('91000001 000000a0 00001111 00002222 bede0001 10ff0000'),
      Buffer.alloc(20, 7),
    ])
    const sealed = new SrtpSealer(master).sealRtp(plain) ?? Buffer.alloc(0)
    expect(sealed.subarray(0, 24)).toEqual(plain.subarray(0, 24))
    expect(sealed.subarray(24, 44)).not.toEqual(plain.subarray(24))
    expect(new SrtpOpener(master).openRtp(sealed)).toEqual(plain)
  })

  it('are refused where a bit was turned, when they come again, and when they are cut', () => {
    const [seal, open] = [new SrtpSealer(master), new SrtpOpener(master)]
    const sealed = seal.sealRtp(packet(7)) ?? Buffer.alloc(0)
    for (const at of [2, 5, 20, sealed.length - 1]) expect(open.openRtp(forged(sealed, at))).toBeUndefined()
    for (const length of [0, 9, 12, 21]) expect(open.openRtp(sealed.subarray(0, length))).toBeUndefined()
    expect(open.openRtp(sealed)).toBeDefined()
    expect(open.openRtp(sealed)).toBeUndefined()
  })

  it('are one for each number: what would be laid under a key stream a second time is not sent', () => {
    const seal = new SrtpSealer(master)
    const sealed = [10, 11, 12, 11, 10, 9, 13].map((sequence) => seal.sealRtp(packet(sequence)) !== undefined)
    expect(sealed).toEqual([true, true, true, false, false, true, true])
    // Too old to tell.
    expect(seal.sealRtp(packet(13 + 128))).toBeDefined()
    expect(seal.sealRtp(packet(13))).toBeUndefined()
    expect(seal.sealRtp(packet(11, undefined, 0x2222))).toBeDefined()
  })

  it('that are forged change nothing for those that follow', () => {
    const [seal, open] = [new SrtpSealer(master), new SrtpOpener(master)]
    open.openRtp(seal.sealRtp(packet(100)) ?? Buffer.alloc(0))
    // Would put the count of rounds up, were it believed.
    const far = seal.sealRtp(packet(101)) ?? Buffer.alloc(0)
    far.writeUInt16BE(60_000, 2)
    expect(open.openRtp(far)).toBeUndefined()
    const next = packet(102)
    expect(open.openRtp(seal.sealRtp(next) ?? Buffer.alloc(0))).toEqual(next)
  })

  it('of a source that is heard are not forgotten for others that come and go', () => {
    const [seal, open] = [new SrtpSealer(master), new SrtpOpener(master)]
    const sealed = (sequence: number, ssrc?: number) =>
      seal.sealRtp(packet(sequence, undefined, ssrc)) ?? Buffer.alloc(0)
    const first = sealed(1)
    open.openRtp(first)
    for (let other = 0; other < 40; other += 1) {
      open.openRtp(sealed(1, 0x2222 + other))
      open.openRtp(sealed(other + 2))
    }
    // Were it forgotten, what came already would be taken for new.
    expect(open.openRtp(first)).toBeUndefined()
  })

  it('of reports are understood by another stack, and understood of it, once', () => {
    const report = Buffer.concat([hex('80c90001 cafebabe'), randomBytes(24)])
    report.writeUInt16BE(7, 2)
    const [seal, open] = [new SrtpSealer(master), new SrtpOpener(master)]
    const { srtcp } = independent()
    const sealed = seal.sealRtcp(report)
    expect(srtcp.decrypt(sealed)).toEqual(report)
    expect(open.openRtcp(sealed)).toEqual(report)
    expect(open.openRtcp(sealed)).toBeUndefined()
    expect(open.openRtcp(forged(seal.sealRtcp(report), 10))).toBeUndefined()
    expect(open.openRtcp(Buffer.alloc(10))).toBeUndefined()
    expect(seal.sealRtcp(report)).not.toEqual(sealed)
  })
})

describe('the window against replays', () => {
  it('takes each index once, in any order, and none that is too old to tell', () => {
    const window = new ReplayWindow()
    const take = (index: number) => {
      const fresh = window.isNew(index)
      if (fresh) window.remember(index)
      return fresh
    }
    expect([200, 198, 199, 200, 198, 201].map(take)).toEqual([true, true, true, false, false, true])
    expect(take(201 - 127)).toBe(true)
    expect(take(201 - 128)).toBe(false)
    expect(take(0)).toBe(false)
  })
})
