import { EventEmitter, once } from 'node:events'
import { afterEach, expect } from 'vitest'
import type { EngineEvent } from '../../../../src/embedded/media/protocol.js'
import type { CreateParams } from '../../../../src/embedded/media/sessions.js'
import { MediaCore } from './core.js'
import type { EndpointDescription, MediaOptions } from '../../../../src/embedded/media/types.js'
import { RtpPeer, type SdpOptions } from './peer.js'

/** A range that other test files are unlikely to be in; the engine steps over what is taken all the same. */
export function someRange(pairs = 200): { min: number; max: number } {
  const min = 10_000 + 2 * Math.floor(Math.random() * 8_000)
  return { min, max: min + 2 * pairs - 1 }
}

export interface Side extends EndpointDescription {
  peer: RtpPeer
}

/** An engine in this thread, with phones around it. Everything is closed after the test, and seen to be. */
export class Bench extends EventEmitter<{ event: [EngineEvent] }> {
  readonly core: MediaCore
  readonly events: EngineEvent[] = []
  readonly #peers: RtpPeer[] = []

  constructor(options: Partial<MediaOptions> = {}) {
    super()
    const defaults = { host: '127.0.0.1', ports: someRange(), portRestMs: 0 }
    this.core = new MediaCore({ ...defaults, ...options }, (event) => {
      this.events.push(event)
      this.emit('event', event)
    })
    opened.add(this)
  }

  async peer(): Promise<RtpPeer> {
    const peer = await RtpPeer.open()
    this.#peers.push(peer)
    return peer
  }

  /** A phone that offered, and the endpoint that answered it. */
  async caller(options: SdpOptions = {}, params: CreateParams = {}): Promise<Side> {
    const peer = await this.peer()
    const description = await this.core.create({ ...params, remoteSdp: peer.sdp(options) })
    peer.aim(description.localSdp)
    return { ...description, peer }
  }

  /** A phone that answered an endpoint's offer. */
  async callee(options: SdpOptions = {}, params: CreateParams = {}): Promise<Side> {
    const peer = await this.peer()
    const { id } = await this.core.create(params)
    const description = this.core.accept(id, peer.sdp(options))
    peer.aim(description.localSdp)
    return { ...description, peer }
  }

  /** Two joined sides. */
  async call(caller: SdpOptions = {}, callee: SdpOptions = {}, offer?: CreateParams): Promise<[Side, Side]> {
    const a = await this.caller(caller)
    const b = await this.callee(callee, offer ?? { joinable: a.id })
    this.core.join(a.id, b.id)
    return [a, b]
  }

  async event<T extends EngineEvent['type']>(type: T): Promise<Extract<EngineEvent, { type: T }>> {
    for (;;) {
      const index = this.events.findIndex((event) => event.type === type)
      if (index >= 0) return this.events.splice(index, 1)[0] as Extract<EngineEvent, { type: T }>
      await once(this, 'event')
    }
  }

  /** Resolves when an endpoint's counter has reached a value. */
  async counted(
    id: string,
    counter:
      | 'packetsIn'
      | 'foreignIn'
      | 'unwantedIn'
      | 'unknownPayloadIn'
      | 'invalidIn'
      | 'unroutable'
      | 'rtcpIn'
      | 'rtcpRefused',
    least: number,
  ) {
    await expect.poll(() => this.core.counters(id)[counter], { interval: 5 }).toBeGreaterThanOrEqual(least)
    return this.core.counters(id)
  }

  async close(): Promise<void> {
    await this.core.close()
    await Promise.all(this.#peers.map((peer) => peer.close()))
    const { endpoints, joins, tones, timers, portsInUse } = this.core.stats()
    expect({ endpoints, joins, tones, timers, portsInUse }).toEqual({
      endpoints: 0,
      joins: 0,
      tones: 0,
      timers: 0,
      portsInUse: 0,
    })
  }
}

const opened = new Set<Bench>()

afterEach(async () => {
  for (const bench of opened) await bench.close()
  opened.clear()
})

/** Frames that a phone says, 20 ms of each: sequence and timestamp count on. */
export function* speech(start: { sequence?: number; timestamp?: number; step?: number } = {}) {
  const { sequence = 100, timestamp = 5000, step = 160 } = start
  for (let index = 0; ; index += 1) {
    yield { sequence: (sequence + index) & 0xffff, timestamp: (timestamp + index * step) >>> 0 }
  }
}
