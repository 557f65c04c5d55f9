import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import {
  type Caller,
  CallApi,
  type IncomingCall,
  MediaSession,
  type OutgoingCall,
  type Phone,
  type ReceivedPush,
} from '../../../src/demo/index.js'
import { now } from '../../../src/demo/clock.js'
import type { TestServer } from '../../support/server.js'

/** How a device says yes: by its 200, or by the API, where it rings or is asleep still. */
export type Yes = 'sip' | 'api-ringing' | 'api-asleep'

/** What a device was told of the call that another has. */
export interface Told {
  readonly by: 'cancelled' | 'bye' | 'push'
  readonly reason: unknown
}

export interface Round {
  /** How many devices have the call while it is up. */
  readonly winners: number
  /** Of each device that does not have it. */
  readonly told: readonly Told[]
  /** What the API answered to those of the two that used it, the smaller first. */
  readonly statuses: readonly number[]
  /** The 200s of both had left when the server chose. */
  readonly crossed: boolean
  /** Both yeses left their devices within this time, ms. */
  readonly apartMs: number
  /** Calls that any device still has after the caller hung up. */
  readonly left: number
}

const AWAKE = 5
const WOKEN = 3
const ASLEEP = 2
const DEVICES = AWAKE + WOKEN + ASLEEP
const RINGING = AWAKE + WOKEN

/** Ten devices of one user: five are awake, three wake at the push and ring, two sleep on. */
export class TenDevices {
  private constructor(
    private readonly user: string,
    private readonly caller: Caller,
    private readonly devices: readonly Device[],
  ) {}

  static async open(server: TestServer, user: string): Promise<TenDevices> {
    const devices: Device[] = []
    for (let n = 0; n < DEVICES; n++) devices.push(await Device.open(server, user, n))
    const caller = await server.caller({ keepsLog: false, media: { listens: false } })
    return new TenDevices(user, caller, devices)
  }

  close(): void {
    for (const device of this.devices) device.close()
  }

  /** One call, to which two devices say yes in the same turn of the event loop. Rejects where a word stays out. */
  async play(yeses: readonly [Yes, Yes], turn: number): Promise<Round> {
    const outgoing = await this.caller.call(`sip:${this.user}@example.net`)
    await Promise.all(this.devices.map((device, n) => device.reach(n)))
    const pair = this.#pair(yeses, turn)
    await Promise.all(pair.map((device) => device.prepare()))
    const before = now()
    const saying = [pair[0].say(yeses[0]), pair[1].say(yeses[1])]
    await turnOfTheLoop()
    const apartMs = now() - before
    const statuses = await Promise.all(saying)
    const winner = await winnerOf(pair, statuses)
    await winner.respond()
    await outgoing.answered()
    const losers = this.devices.filter((device) => device !== winner)
    const told = await Promise.all(losers.map((device) => device.told()))
    await Promise.all([winner.hears(), hears(outgoing)])
    const winners = this.devices.filter((device) => device.hasCall).length
    outgoing.hangUp()
    await Promise.all([outgoing.ended, winner.told()])
    const left = this.devices.reduce((sum, device) => sum + device.calls, 0)
    await Promise.all(this.devices.map((device) => device.settle()))
    return {
      winners,
      told,
      statuses: statuses.filter((status) => status !== undefined).sort((a, b) => a - b),
      crossed: told.some(({ by }) => by === 'bye'),
      apartMs,
      left,
    }
  }

  /** Other devices in each turn. */
  #pair(yeses: readonly [Yes, Yes], turn: number): readonly [Device, Device] {
    const first = this.#choose(yeses[0], turn)
    const second = [1, 2].map((step) => this.#choose(yeses[1], turn + step)).find((one) => one !== first)
    if (first === undefined || second === undefined) throw new Error('no two devices to say yes')
    return [first, second]
  }

  #choose(yes: Yes, turn: number): Device | undefined {
    switch (yes) {
      case 'sip':
        return this.devices[turn % RINGING]
      // Only a device that was pushed has a token for the API.
      case 'api-ringing':
        return this.devices[AWAKE + (turn % WOKEN)]
      case 'api-asleep':
        return this.devices[RINGING + (turn % ASLEEP)]
    }
  }
}

/** By the API's word where either used it; else the one of the two that is not told of the other. */
async function winnerOf(
  pair: readonly [Device, Device],
  statuses: readonly (number | undefined)[],
): Promise<Device> {
  const [first, second] = pair
  if (statuses.includes(200)) return statuses[0] === 200 ? first : second
  const refused = statuses.findIndex((status) => status !== undefined)
  if (refused >= 0) return refused === 0 ? second : first
  return Promise.race([first.told().then(() => second), second.told().then(() => first)])
}

class Device {
  #push: ReceivedPush | undefined
  #incoming: IncomingCall | undefined
  #session: MediaSession | undefined
  #sdp: string | undefined

  private constructor(
    private readonly server: TestServer,
    private readonly phone: Phone,
    private readonly token: string | undefined,
    private readonly api: CallApi,
  ) {}

  static async open(server: TestServer, user: string, n: number): Promise<Device> {
    const token = n < AWAKE ? undefined : `${user}-${n}`
    const options = { keepsLog: false } as const
    const phone =
      token === undefined
        ? await server.registeredPhone(user, undefined, options)
        : await server.sleepingPhone(token, user, { protocol: 'tcp', ...options })
    phone.onInvite({})
    const { host, port } = server.server.http
    const api = new CallApi({ host, port })
    await api.connect()
    return new Device(server, phone, token, api)
  }

  close(): void {
    this.api.close()
  }

  get hasCall(): boolean {
    return this.#incoming?.isOver === false
  }

  get calls(): number {
    return this.phone.calls.length
  }

  /** As far as the call comes to this device before anybody says yes. */
  async reach(n: number): Promise<void> {
    if (this.token !== undefined) this.#push = await this.#next('call')
    if (n >= RINGING) return
    if (this.#push !== undefined) await this.#wake()
    this.#incoming = await this.phone.nextCall(DEADLINE_MS)
  }

  /** What takes time is done before the race, not in it. */
  async prepare(): Promise<void> {
    this.#session = await MediaSession.open({ listens: false })
    this.#sdp = this.#incoming && this.#session.answer(this.#incoming.invite.body)
  }

  /** Leaves the device in this turn of the event loop; resolves with the API's status. */
  async say(yes: Yes): Promise<number | undefined> {
    if (yes !== 'sip') return (await this.api.accept(this.#field('callId'), this.#field('token'))).status
    await this.#answer()
    return undefined
  }

  /** What follows an accept; nothing where the device has answered by SIP. */
  async respond(): Promise<void> {
    if (this.#incoming === undefined) {
      await this.#wake()
      this.#incoming = await this.phone.nextCall(DEADLINE_MS)
    }
    await this.#answer()
    await this.#incoming.established
  }

  async hears(): Promise<void> {
    if (this.#session === undefined) throw new Error('this device did not say yes')
    await this.#session.rtp.receiver.until('the caller', ({ packets }) => packets > 0, DEADLINE_MS)
  }

  /** That the call is over, for this device. */
  async told(): Promise<Told> {
    if (this.#incoming !== undefined) {
      const { how, by, reason } = await within('end of the ringing', this.#incoming.ended)
      if (by !== 'them' || (how !== 'cancelled' && how !== 'bye')) throw new Error(`the call was ${how}`)
      return { by: how, reason }
    }
    const { payload } = await this.#next('ended')
    if (payload['callId'] !== this.#field('callId')) throw new Error('told of the end of another call')
    return { by: 'push', reason: payload['reason'] }
  }

  /** The app is suspended again. */
  async settle(): Promise<void> {
    if (this.token !== undefined) await this.phone.sleep()
    await this.#session?.close()
    this.#push = this.#incoming = this.#session = this.#sdp = undefined
  }

  async #answer(): Promise<void> {
    if (this.#incoming === undefined) throw new Error('no INVITE to answer')
    this.#sdp ??= this.#session?.answer(this.#incoming.invite.body)
    if (this.#sdp === undefined) throw new Error('no offer to answer')
    await this.#incoming.answer({ sdp: this.#sdp })
  }

  async #wake(): Promise<void> {
    const headers = { Authorization: `Bearer ${this.#field('token')}` }
    const { status, reason } = await this.phone.wake({ headers })
    if (status !== 200) throw new Error(`REGISTER got ${status} ${reason}`)
  }

  /** A device that woke may be told of an end by push as well: that is of the call before. */
  async #next(kind: string): Promise<ReceivedPush> {
    for (;;) {
      const push = await this.server.push.nextDelivery(this.token ?? '', DEADLINE_MS)
      if (push.payload['kind'] === kind) return push
    }
  }

  #field(name: string): string {
    const value = this.#push?.payload[name]
    if (typeof value !== 'string') throw new Error(`the push carries no ${name}`)
    return value
  }
}

const DEADLINE_MS = 30_000

async function hears({ media }: OutgoingCall): Promise<void> {
  const before = media.rtp.received.packets
  await media.rtp.receiver.until('the callee', ({ packets }) => packets > before, DEADLINE_MS)
}

/** An end that never comes fails the test where it was waited for. */
async function within<T>(what: string, awaited: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${DEADLINE_MS} ms`)), DEADLINE_MS)
  })
  try {
    return await Promise.race([awaited, late])
  } finally {
    clearTimeout(timer)
  }
}
