import { now } from '../../src/demo/clock.js'
import { type Address, RtpPeer } from '../../src/demo/index.js'
import { spreadOf, type Spread } from '../support/statistics.js'
import { Device } from './device.js'
import { MinimalServer } from './minimal-server.js'
import { transports, type Transport } from './options.js'
import { subscriberOf } from './subscriber.js'

/** Round trips over the link that the rounds are played over, ms. */
export interface LinkCheck {
  readonly what: string
  /** Without the delay: what the machine and the other side take. */
  readonly without: Spread
  readonly with: Spread
  /** What the delay added to the fastest round trip; of an honest link twice the one-way delay. */
  readonly added: number
}

const PINGS = 20
/** RTP of 20 ms, all zeros but for the version. */
const PACKET = Buffer.concat([Buffer.from([0x80]), Buffer.alloc(171)])

/** Pings a minimal server over everything that a device speaks, with the delay and without. Rejects where one is lost. */
export async function checkLink(delayMs: number): Promise<readonly LinkCheck[]> {
  const server = await MinimalServer.open()
  try {
    const open = (transport: Transport): Promise<Device> =>
      Device.open(server, subscriberOf('plain'), transport, delayMs)
    const checks: LinkCheck[] = []
    for (const transport of transports) {
      checks.push(await check(`SIP over ${transport.toUpperCase()}`, await open(transport), query))
    }
    checks.push(await check('HTTP', await open('udp'), (device) => device.api.connect()))
    checks.push(await checkRtp(server.rtp, delayMs))
    return checks
  } finally {
    await server.close()
  }
}

/** How far the worst of them is from twice the delay, ms. */
export function worstError(checks: readonly LinkCheck[], delayMs: number): number {
  return Math.max(...checks.map(({ added }) => Math.abs(added - 2 * delayMs)))
}

async function query({ phone }: Device): Promise<void> {
  const { status, reason } = await phone.query()
  if (status !== 200) throw new Error(`REGISTER got ${status} ${reason}`)
}

async function check(
  what: string,
  device: Device,
  ping: (device: Device) => Promise<void>,
): Promise<LinkCheck> {
  try {
    const times = async (slow: boolean): Promise<Spread> => {
      device.slow(slow)
      return timed(() => ping(device))
    }
    await times(false)
    return compared(what, await times(false), await times(true))
  } finally {
    await device.close()
  }
}

async function checkRtp(remote: Address, delayMs: number): Promise<LinkCheck> {
  const times = async (delay: number): Promise<Spread> => {
    const peer = await RtpPeer.open({ hz: 1000, listens: false, delayMs: delay })
    try {
      // Only says where to: a frame of its own would be a ping that nobody timed.
      peer.sendTo(remote, { codec: 'PCMU', payloadType: 0, clockRate: 8000, eventType: undefined })
      peer.stopSending()
      return await timed(async () => {
        const back = peer.receiver.next('echo', () => true)
        peer.sendRaw(PACKET)
        await back
      })
    } finally {
      await peer.close()
    }
  }
  await times(0)
  return compared('RTP', await times(0), await times(delayMs))
}

async function timed(ping: () => Promise<void>): Promise<Spread> {
  const times: number[] = []
  for (let n = 0; n < PINGS; n++) {
    const sentAt = now()
    await ping()
    times.push(now() - sentAt)
  }
  return spreadOf(times)
}

function compared(what: string, without: Spread, delayed: Spread): LinkCheck {
  return { what, without, with: delayed, added: delayed.min - without.min }
}
