import { now } from '../../src/demo/clock.js'
import {
  afterExactly,
  isResponse,
  type OutgoingCall,
  type PushService,
  type ReceivedPush,
} from '../../src/demo/index.js'
import type { RtpReceiver } from '../../src/demo/rtp/receiver.js'
import { toneFrames } from '../../src/demo/rtp/tones.js'
import { Device } from './device.js'
import type { Transport } from './options.js'
import type { Site } from './site.js'
import { CALLER_HZ, PHONE_HZ, subscriberOf } from './subscriber.js'
import { type Taken, ways, type WayName } from './ways.js'

/** Milliseconds from the arrival of the push to the first frame of the other side's tone. */
export interface Round {
  readonly atCaller: number
  readonly atPhone: number
}

/** Frames of sound that each side must hear after the first: it is no chance packet. */
const MORE_FRAMES = 5
const FRAME_MS = 20
const DEADLINE_MS = 5000

/** Registers the device of the way once, so that it can be pushed, and lets it fall asleep. */
export async function enrol(site: Site, way: WayName): Promise<void> {
  const device = await Device.open(site, subscriberOf(way), 'udp', 0)
  try {
    await device.register()
    await device.unregister()
  } finally {
    await device.close()
  }
}

/** One call to a phone that sleeps. Rejects where it does not come to sound on both sides; leaves nothing up. */
export async function playRound(
  site: Site,
  way: WayName,
  transport: Transport,
  delayMs: number,
): Promise<Round> {
  const subscriber = subscriberOf(way)
  const device = await Device.open(site, subscriber, transport, delayMs)
  let call: OutgoingCall | undefined
  let taken: Taken | undefined
  try {
    // The frames of the caller come at any time against the rest.
    await pause(Math.random() * FRAME_MS)
    device.slow(true)
    const pushed = nextCallPush(site.push, subscriber.token)
    call = await site.caller.call(`sip:${subscriber.number}@example.net`)
    const push = await pushed
    const atCaller = hears(call.media.rtp.receiver, PHONE_HZ)
    // It may fail before anybody asks.
    atCaller.catch(() => undefined)
    taken = await ways[way].take(device, push)
    const atPhone = hears(taken.media.rtp.receiver, CALLER_HZ)
    const [caller, phone] = await failing(Promise.all([atCaller, atPhone]), taken.done)
    await taken.done
    expectNoChallenge(way, device)
    return { atCaller: caller - push.at, atPhone: phone - push.at }
  } finally {
    await leave(device, call, taken)
  }
}

/** Between rounds the device is told how the last call ended: those pushes are passed over. */
async function nextCallPush(service: PushService, token: string): Promise<ReceivedPush> {
  const since = now()
  for (;;) {
    const push = await service.nextPush(token, DEADLINE_MS)
    if (push.payload['kind'] === 'call' && push.at >= since) return push
  }
}

/** When the first frame of the tone came, once some more followed. */
async function hears(receiver: RtpReceiver, hz: number): Promise<number> {
  const frames = new Set(toneFrames('PCMU', hz).map((frame) => frame.toString('latin1')))
  const { at } = await receiver.next(
    `sound of ${hz} Hz`,
    ({ payload }) => frames.has(payload.toString('latin1')),
    DEADLINE_MS,
  )
  let more = 0
  await receiver.next(
    `more of ${hz} Hz`,
    ({ payload }) => frames.has(payload.toString('latin1')) && ++more >= MORE_FRAMES,
    DEADLINE_MS,
  )
  return at
}

/** As `work`, but rejects as soon as `other` does. */
function failing<T>(work: Promise<T>, other: Promise<unknown>): Promise<T> {
  return Promise.race([work, other.then(() => work)])
}

/** A call token that was refused would have the phone fall back to its password, two delays later. */
function expectNoChallenge(way: WayName, device: Device): void {
  const challenges = device.phone.log.find(isResponse(401), 'received').length
  const expected = way === 'plain' ? 1 : 0
  if (challenges !== expected) throw new Error(`the phone was challenged ${challenges} times`)
}

/** Nothing is left up, however far the round came, and the device sleeps again. */
async function leave(
  device: Device,
  call: OutgoingCall | undefined,
  taken: Taken | undefined,
): Promise<void> {
  device.slow(false)
  call?.hangUp()
  await call?.ended
  // Its sockets may go only once the BYE has been answered.
  await Promise.all(device.phone.calls.map((one) => one.ended))
  await taken?.media.close()
  if (device.registered) await device.unregister()
  await device.close()
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => afterExactly(ms, resolve))
}
