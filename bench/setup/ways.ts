import type { MediaSession, ReceivedPush } from '../../src/demo/index.js'
import type { Device } from './device.js'

/** How a device brings its second response, from the push on; the plain wake flow for comparison. */
export const wayNames = ['plain', 'bearer', 'register', 'invite', 'sdp'] as const
export type WayName = (typeof wayNames)[number]

export interface Way {
  readonly title: string
  /** One-way delays of the device's link from the push to sound on both sides, where servers and phones took no time. */
  readonly delays: number
  /** The transport of SIP counts; not where the device speaks none. */
  readonly overSip: boolean
  /** It is the server that sends the INVITE. */
  readonly invited: boolean
  /** What the user's configuration needs beside the usual. */
  readonly user: Readonly<Record<string, unknown>>
  /**
   * What the device does with the push, tapped at once. Gives its media as soon as it is open, and `done` once all of
   * its requests were answered well.
   */
  readonly take: (device: Device, push: ReceivedPush) => Promise<Taken>
  /** Why it takes as many delays, one step each. */
  readonly steps: string
}

export interface Taken {
  readonly media: MediaSession
  readonly done: Promise<unknown>
}

export const ways: Readonly<Record<WayName, Way>> = {
  plain: {
    title: 'plain wake, challenged REGISTER',
    delays: 6,
    overSip: true,
    invited: true,
    user: {},
    take: (device) => answered(device, [device.register()]),
    steps: 'REGISTER, 401, REGISTER, 200 and INVITE, 200, sound',
  },
  bearer: {
    title: 'plain wake, REGISTER with the call token',
    delays: 4,
    overSip: true,
    invited: true,
    user: {},
    take: (device, push) => answered(device, [device.register(tokenOf(push))]),
    steps: 'REGISTER, 200 and INVITE, 200, sound',
  },
  register: {
    title: '(a) accept and REGISTER together',
    delays: 4,
    overSip: true,
    invited: true,
    user: {},
    take: (device, push) => {
      const token = tokenOf(push)
      return answered(device, [accepted(device, push), device.register(token)])
    },
    steps: 'accept and REGISTER, 200 and INVITE, 200, sound',
  },
  invite: {
    title: '(b) INVITE of the device’s own',
    delays: 3,
    overSip: true,
    invited: false,
    user: {},
    take: inviteOfItsOwn,
    steps: 'INVITE, 200 (and the caller’s sound), the device’s sound',
  },
  sdp: {
    title: '(c) accept with the SDP answer',
    delays: 2,
    overSip: false,
    invited: false,
    user: { 'offer-in-push': true },
    take: answerInTheAccept,
    steps: 'accept (and the device’s sound), the caller’s sound',
  },
}

/** Answers our INVITE at once, while the other requests are under way. */
async function answered(device: Device, requests: readonly Promise<unknown>[]): Promise<Taken> {
  const requested = Promise.all(requests)
  const refused = requested.then(() => new Promise<never>(() => undefined))
  const incoming = await Promise.race([device.phone.nextCall(), refused])
  if (!(await incoming.answer())) throw new Error('the INVITE could not be answered')
  return { media: incoming.media, done: Promise.all([requested, incoming.established]) }
}

async function inviteOfItsOwn(device: Device, push: ReceivedPush): Promise<Taken> {
  const callId = textOf(push, 'callId')
  const { host, port } = device.phone.proxy
  const call = await device.phone.call(`sip:${callId}@${host}:${port}`, {
    headers: { Authorization: `Bearer ${tokenOf(push)}` },
  })
  return { media: call.media, done: call.answered() }
}

async function answerInTheAccept(device: Device, push: ReceivedPush): Promise<Taken> {
  const offer = textOf(push, 'offer')
  const media = await device.openMedia()
  const answer = media.answer(offer)
  if (answer === undefined) throw new Error('the offer in the push has no codec of the phone’s')
  return { media, done: accepted(device, push, answer) }
}

async function accepted(device: Device, push: ReceivedPush, sdp?: string): Promise<void> {
  const { status, body } = await device.api.accept(textOf(push, 'callId'), tokenOf(push), sdp)
  if (status < 200 || status > 299) throw new Error(`the accept got ${status}: ${JSON.stringify(body)}`)
}

function tokenOf(push: ReceivedPush): string {
  return textOf(push, 'token')
}

function textOf(push: ReceivedPush, key: string): string {
  const value = push.payload[key]
  if (typeof value !== 'string') throw new Error(`the push carries no ${key}`)
  return value
}
