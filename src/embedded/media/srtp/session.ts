import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { payloadStart, sequence, source, HEADER } from '../rtp/packet.js'
import { initialCounter, sessionKeys, type MasterKeys, type SessionKeys } from './keys.js'
import { ReplayWindow } from './replay.js'
import { Rollover } from './rollover.js'

const TAG = 10
/** Of RTCP: a bit that says whether it is encrypted, and the packet's own index (RFC 3711 §3.4). */
const INDEX = 4
const RTCP_HEADER = 8
const ENCRYPTED = 0x80000000
/** A peer has one source, and another after it begins anew. */
const MAX_SOURCES = 16

interface Sent {
  rollover: Rollover
  window: ReplayWindow
}

interface Source {
  rollover: Rollover
  replay: ReplayWindow
  control: ReplayWindow
}

/** Seals what is sent in one direction of a session (RFC 3711). */
export class SrtpSealer {
  readonly #rtp: SessionKeys
  readonly #rtcp: SessionKeys
  readonly #sources = new Map<number, Sent>()
  #controlIndex = 0

  constructor(master: MasterKeys) {
    const { rtp, rtcp } = sessionKeys(master)
    this.#rtp = rtp
    this.#rtcp = rtcp
  }

  /**
   * @returns a new packet; undefined for one that is older than the first of its source, or whose number was used or
   *   may have been: two packets under one key stream give each other away (RFC 3711 §9.1)
   */
  sealRtp(packet: Uint8Array): Buffer | undefined {
    const ssrc = source(packet)
    const { rollover, window } = this.#sent(ssrc)
    const index = rollover.indexOf(sequence(packet))
    if (index < 0 || !window.isNew(index)) return undefined
    rollover.advance(index)
    window.remember(index)
    const sealed = Buffer.allocUnsafe(packet.length + TAG)
    const start = payloadStart(packet)
    sealed.set(packet.subarray(0, start))
    sealed.set(crypt(this.#rtp, ssrc, index, packet.subarray(start)), start)
    sealed.set(rtpTag(this.#rtp, sealed.subarray(0, packet.length), index), packet.length)
    return sealed
  }

  #sent(ssrc: number): Sent {
    const known = this.#sources.get(ssrc)
    if (known) return known
    const sent = { rollover: new Rollover(), window: new ReplayWindow() }
    this.#sources.set(ssrc, sent)
    return sent
  }

  sealRtcp(packet: Uint8Array): Buffer {
    this.#controlIndex = (this.#controlIndex + 1) % ENCRYPTED
    const index = this.#controlIndex
    const sealed = Buffer.allocUnsafe(packet.length + INDEX + TAG)
    sealed.set(packet.subarray(0, RTCP_HEADER))
    const ssrc = sealed.readUInt32BE(4)
    sealed.set(crypt(this.#rtcp, ssrc, index, packet.subarray(RTCP_HEADER)), RTCP_HEADER)
    sealed.writeUInt32BE(ENCRYPTED + index, packet.length)
    const end = packet.length + INDEX
    sealed.set(tagOf(this.#rtcp, sealed.subarray(0, end)), end)
    return sealed
  }
}

/** Opens what comes in one direction of a session. Who has not the keys changes nothing in it. */
export class SrtpOpener {
  readonly #rtp: SessionKeys
  readonly #rtcp: SessionKeys
  readonly #sources = new Map<number, Source>()

  constructor(master: MasterKeys) {
    const { rtp, rtcp } = sessionKeys(master)
    this.#rtp = rtp
    this.#rtcp = rtcp
  }

  /** @returns a new packet; undefined for one that is forged, came already, or is too old */
  openRtp(sealed: Uint8Array): Buffer | undefined {
    const end = sealed.length - TAG
    if (end < HEADER) return undefined
    const ssrc = source(sealed)
    const from = this.#sources.get(ssrc) ?? newSource()
    const index = from.rollover.indexOf(sequence(sealed))
    if (index < 0 || !from.replay.isNew(index)) return undefined
    const packet = sealed.subarray(0, end)
    if (!timingSafeEqual(rtpTag(this.#rtp, packet, index), sealed.subarray(end))) return undefined
    from.rollover.advance(index)
    from.replay.remember(index)
    this.#keep(ssrc, from)
    const opened = Buffer.from(packet)
    const start = payloadStart(opened)
    opened.set(crypt(this.#rtp, ssrc, index, opened.subarray(start)), start)
    return opened
  }

  /** @returns a new packet; undefined for one that is forged or came already */
  openRtcp(sealed: Buffer): Buffer | undefined {
    const end = sealed.length - TAG - INDEX
    if (end < RTCP_HEADER) return undefined
    const ssrc = sealed.readUInt32BE(4)
    const word = sealed.readUInt32BE(end)
    const index = word % ENCRYPTED
    const from = this.#sources.get(ssrc) ?? newSource()
    if (!from.control.isNew(index)) return undefined
    const tag = tagOf(this.#rtcp, sealed.subarray(0, end + INDEX))
    if (!timingSafeEqual(tag, sealed.subarray(end + INDEX))) return undefined
    from.control.remember(index)
    this.#keep(ssrc, from)
    const opened = Buffer.from(sealed.subarray(0, end))
    if (word >= ENCRYPTED) {
      opened.set(crypt(this.#rtcp, ssrc, index, opened.subarray(RTCP_HEADER)), RTCP_HEADER)
    }
    return opened
  }

  /** Puts it last: the one that is forgotten is that which was silent for the longest time. */
  #keep(ssrc: number, from: Source): void {
    this.#sources.delete(ssrc)
    this.#sources.set(ssrc, from)
    const oldest = this.#sources.keys().next().value
    if (this.#sources.size > MAX_SOURCES && oldest !== undefined) this.#sources.delete(oldest)
  }
}

function newSource(): Source {
  return { rollover: new Rollover(), replay: new ReplayWindow(), control: new ReplayWindow() }
}

/** The key stream laid over: seals and opens alike. */
function crypt({ cipher, salt }: SessionKeys, ssrc: number, index: number, bytes: Uint8Array): Buffer {
  return createCipheriv('aes-128-ctr', cipher, initialCounter(salt, ssrc, index)).update(bytes)
}

/** The part of the index that is not sent is signed too (RFC 3711 §4.2). */
function rtpTag(keys: SessionKeys, packet: Uint8Array, index: number): Buffer {
  const rollovers = Buffer.alloc(4)
  rollovers.writeUInt32BE(Math.floor(index / 0x10000))
  return tagOf(keys, packet, rollovers)
}

function tagOf({ auth }: SessionKeys, ...parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac('sha1', auth)
  for (const part of parts) hmac.update(part)
  return hmac.digest().subarray(0, TAG)
}
