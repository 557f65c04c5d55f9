import { afterAll, beforeAll, expect, test } from 'vitest'
import { playWakeCall, type Caller, type Phone } from '../../src/demo/index.js'
import { DigestSession } from '../../src/demo/sip/digest.js'
import { seededRandom } from '../../src/demo/sip/impairment.js'
import { freshId, parseMessage, type SipRequest, type SipResponse } from '../../src/demo/sip/message.js'
import { PATIENCE_MS, type ServerProcess } from '../support/process.js'
import { mutated } from '../support/sip/mutate.js'
import { openRawPeer, type RawPeer } from '../support/sip/raw-peer.js'
import { bridge, finish, talk, type Bridge } from './support/calls.js'
import { samplesOf, untilQuiet } from './support/gauges.js'
import {
  cruelties,
  oneOfEach,
  registration,
  replyTo,
  staysHere,
  type Aim,
  type Sender,
} from './support/hostile.js'
import { Stream } from './support/stream.js'
import { Site, users } from './support/site.js'

const MEGABYTE = 1024 * 1024
/** What the server may take up more after a test than before it: PGlite and V8 grow into what they are given. */
const GROWTH = 200 * MEGABYTE
/**
 * An INVITE may go unanswered for 64·T1 = 32 s and, where its final answer comes then, be kept for as long again (timers
 * B and D, RFC 3261 §17.1.1.2).
 */
const TIMERS_MS = 75_000

let site: Site
let server: ServerProcess
let caller: Caller
let bystander: Bridge
let victim: Bridge
let sleeper: Phone
const peers: RawPeer[] = []

beforeAll(async () => {
  const short = { password: 'secret', ring: '1s' }
  site = await Site.open({
    users: { ...users('bob', 'carol', 'dave'), alice: short, mallory: short, trent: short },
  })
  server = await site.start()
  caller = await site.caller()
  await site.sleepingPhone('alice')
  // A call that has nothing to do with any of it, and goes on all the while.
  bystander = await bridge(caller, await site.registeredPhone('carol'))
  victim = await bridge(caller, await site.registeredPhone('bob'))
  sleeper = await site.sleepingPhone('dave')
}, PATIENCE_MS)

afterAll(async () => {
  try {
    await talk(bystander)
    await finish(bystander)
    for (const peer of peers) await peer.close()
    await caller.close()
    await untilQuiet(server.url, { withinMs: TIMERS_MS })
    expect(server.errors).toEqual([])
    expect(server.stderr).toBe('')
  } finally {
    await site.close()
  }
}, TIMERS_MS + PATIENCE_MS)

async function openPeer(): Promise<RawPeer & Sender> {
  const peer = await openRawPeer('udp', server.address('udp'))
  peers.push(peer)
  return Object.assign(peer, { protocol: 'udp' as const })
}

async function residentBytes(): Promise<number> {
  return (await samplesOf(server.url)).get('process_resident_memory_bytes') ?? NaN
}

/** Comes back when the server has taken all that was sent to it before. */
async function untilHeard(): Promise<void> {
  const response = await caller.exchange('OPTIONS', 'sip:example.net', () => optionsOf(caller))
  expect(response.status).toBe(200)
}

function optionsOf({ addressOfRecord }: Caller): SipRequest {
  const headers = Object.entries({
    'Max-Forwards': '70',
    From: `<${addressOfRecord}>;tag=${freshId()}`,
    To: '<sip:example.net>',
    'Call-ID': freshId(),
    CSeq: '1 OPTIONS',
  }).map(([name, value]) => ({ name, value }))
  return { kind: 'request', method: 'OPTIONS', uri: 'sip:example.net', headers, body: '' }
}

/** Whom the messages are about; the user has been challenged, so that its credentials are good from here on. */
async function aimAt(user: string): Promise<Aim> {
  const digest = new DigestSession({ username: user, password: 'secret' })
  const peer = await openPeer()
  const dialog = victim.call.dialogId
  if (dialog === undefined) throw new Error('the call of the victim has no dialog')
  const aim = { sleeper: 'alice', user, digest, dialog }
  await peer.send(registration(peer, aim))
  const challenge = parseMessage(Buffer.from(await peer.next())) as SipResponse
  expect(challenge.status).toBe(401)
  digest.challenged(challenge, 0)
  return aim
}

async function wakeCallWorks(): Promise<void> {
  const players = {
    caller,
    phone: sleeper,
    push: site.push,
    token: 'token-dave',
    uri: 'sip:dave@example.net',
  }
  const report = await playWakeCall(players)
  expect(report.failure).toBeUndefined()
  expect(report.result).toBe('bridged')
}

/** Runs it after a warm-up of the same kind, and holds it to the memory that it may keep. */
async function bounded(what: string, warmUp: () => Promise<void>, work: () => Promise<void>): Promise<void> {
  await warmUp()
  const before = await residentBytes()
  await work()
  const after = await residentBytes()
  const [from, to] = [before, after].map((bytes) => (bytes / MEGABYTE).toFixed(0))
  process.stderr.write(`${what}: the server took ${from} MB before, ${to} MB after\n`)
  expect(after - before).toBeLessThan(GROWTH)
}

/** `count` spoiled messages, a batch of each kind at a time. */
function* spoiled(count: number, seed: number, sender: () => Sender, aim: Aim): Generator<Buffer[]> {
  for (let sent = 0, round = 0; sent < count; round++) {
    const messages = oneOfEach(sender(), aim, round)
    const batch = [...mutated(messages, Math.min(messages.length, count - sent), seed + round)]
    sent += batch.length
    yield batch
  }
}

test(
  '10,000 spoiled datagrams leave the server serving, and its memory bounded',
  async () => {
    const aim = await aimAt('trent')
    const peer = await openPeer()
    const attack = async (count: number, seed: number): Promise<void> => {
      for (const batch of spoiled(count, seed, () => peer, aim)) {
        for (const message of batch) await peer.send(message)
        await untilHeard()
      }
    }
    for (const message of cruelties(peer)) await peer.send(message)
    await bounded(
      '10,000 datagrams',
      () => attack(1000, 1),
      () => attack(9000, 2000),
    )
    await wakeCallWorks()
  },
  2 * PATIENCE_MS,
)

test(
  '5,000 spoiled messages over TCP, cut and glued, leave the server serving, and its memory bounded',
  async () => {
    const aim = await aimAt('trent')
    const random = seededRandom(5)
    const fresh = async (old?: Stream): Promise<Stream> => {
      await old?.close()
      return Stream.open(server.address('tcp'))
    }
    let stream = await fresh()
    const attack = async (count: number, seed: number): Promise<void> => {
      for (const batch of spoiled(count, seed, () => stream, aim)) {
        for (let at = 0; at < batch.length; at += 3) {
          if (stream.over || random() < 0.2) stream = await fresh(stream)
          const glued = Buffer.concat(batch.slice(at, at + 3))
          const cuts = Array.from({ length: 4 }, () => Math.floor(random() * glued.length))
          await stream.send(glued, cuts)
        }
        await untilHeard()
      }
    }
    for (const message of cruelties(stream)) {
      stream = await fresh(stream)
      await stream.send(message)
    }
    await bounded(
      '5,000 messages over TCP',
      () => attack(500, 10_000),
      () => attack(4500, 20_000),
    )
    await stream.close()
    await wakeCallWorks()
  },
  2 * PATIENCE_MS,
)

test(
  'a phone that answers everything with spoiled responses harms nobody but its callers',
  async () => {
    const aim = await aimAt('mallory')
    const peer = await openPeer()
    await peer.send(registration(peer, aim))
    expect(await peer.next()).toMatch(/^SIP\/2.0 200/)
    void answerBadly(peer)
    const callOften = async (calls: number): Promise<void> => {
      await Promise.all(Array.from({ length: calls }, () => callBriefly()))
    }
    await bounded(
      '200 calls to a hostile phone',
      () => callOften(50),
      async () => {
        for (let round = 0; round < 3; round++) await callOften(50)
      },
    )
    await wakeCallWorks()
  },
  2 * PATIENCE_MS,
)

async function callBriefly(): Promise<void> {
  const call = await caller.call('sip:mallory@example.net', { sdp: 'none' })
  const outcome = await call.outcome
  if (outcome.kind === 'answered') call.hangUp()
  await call.ended
}

/** Each request gets three spoiled responses; ends when the peer is closed. */
async function answerBadly(peer: RawPeer & Sender): Promise<void> {
  for (let seed = 50_000; ; seed++) {
    const request = await peer.next(PATIENCE_MS).catch(() => undefined)
    if (request === undefined) return
    const parsed = parseMessage(Buffer.from(request))
    if (parsed.kind === 'response' || parsed.method === 'ACK') continue
    const invited = parsed.method === 'INVITE'
    const replies = [
      ...(invited ? [replyTo(parsed, '180 Ringing', peer, false)] : []),
      ...(invited ? [replyTo(parsed, '183 Session Progress', peer, true)] : []),
      replyTo(parsed, '200 OK', peer, invited),
    ]
    for (const reply of mutated(replies, 3, seed)) if (staysHere(reply)) await peer.send(reply)
  }
}
