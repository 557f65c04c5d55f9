import { onTestFinished } from 'vitest'
import { createLocalBus } from '../../../src/adapters/bus/local.js'
import { createTokens, type Tokens } from '../../../src/clients/tokens/tokens.js'
import { createForwarding, type Forwarding } from '../../../src/forwarding/service.js'
import { subscriberTable } from '../../../src/forwarding/subscribers.js'
import { forwardingRoutes } from '../../../src/http/routes/forwarding.js'
import { primaryCallRoutes } from '../../../src/http/routes/primary-calls.js'
import type {
  PrimaryCallControl,
  PrimaryCallNotTaken,
  PrimaryCallReport,
  ToldPrimary,
} from '../../../src/ports/primary-calls.js'
import { type DialRequest, type OutgoingCall, SipFailure } from '../../../src/ports/signaling.js'
import { startServer, type Answer } from '../../http/support/server.js'
import { FakePush } from '../../invitation/support.js'
import { FakeClock } from '../../support/fake-clock.js'
import { FakeStore } from '../../support/fake-store.js'
import { sharedKeys } from '../../tokens/keys.js'
import { RecordingLog } from '../../wake/recording-log.js'
import { CALLER, CELL, configOf, DID, line } from './site.js'

/** The calls that reports lead to: what was asked of them is kept. */
export class FakeCalls implements PrimaryCallControl {
  readonly reports: PrimaryCallReport[] = []
  readonly hows: Parameters<PrimaryCallControl['report']>[1][] = []
  readonly words: string[] = []
  refuse: PrimaryCallNotTaken | undefined

  report(
    report: PrimaryCallReport,
    how: Parameters<PrimaryCallControl['report']>[1],
  ): Promise<{ callId: string } | PrimaryCallNotTaken> {
    if (this.refuse !== undefined) return Promise.resolve(this.refuse)
    this.reports.push(report)
    this.hows.push(how)
    return Promise.resolve({ callId: report.id })
  }

  primary(callId: string, word: string): boolean {
    this.words.push(`${callId} ${word}`)
    return true
  }
}

/** A call to the cell phone, as its carrier has it. */
export class FakeTrial implements OutgoingCall {
  readonly answered: OutgoingCall['answered']
  cancelled: string | undefined
  answer: () => void = () => undefined
  refuse: (status: number) => void = () => undefined
  hungUp = false

  constructor(readonly progressed: DialRequest['progressed']) {
    this.answered = new Promise((resolve, reject) => {
      this.refuse = (status) => reject(new SipFailure(status, `${String(status)} of the carrier`))
      this.answer = () =>
        resolve({
          ...{ remoteSdp: '', listen: () => undefined, info: () => Promise.resolve() },
          hangUp: () => {
            this.hungUp = true
            return Promise.resolve()
          },
        })
    })
  }

  cancel(reason: string): void {
    this.cancelled ??= reason
  }
}

export interface ForwardingSite {
  readonly forwarding: Forwarding
  readonly calls: FakeCalls
  readonly clock: FakeClock
  readonly store: FakeStore
  readonly push: FakePush
  /** What the channel of the device took. */
  readonly channel: ToldPrimary[]
  readonly trials: FakeTrial[]
  readonly log: RecordingLog
  /** The open channel is there. */
  channelOpen: boolean
  /** Settles when the app says that it has what was offered. */
  receipt: Promise<void>
  readonly ask: (method: string, path: string, body?: unknown, user?: string) => Promise<Answer>
}

/** Forwarding of Ada's cell phone behind a real HTTP server; her app is on device `phone`. */
export async function startForwarding({ registered = true, tested = true } = {}): Promise<ForwardingSite> {
  const clock = new FakeClock()
  const log = new RecordingLog()
  const store = new FakeStore()
  const push = new FakePush()
  const calls = new FakeCalls()
  const channel: ToldPrimary[] = []
  const trials: FakeTrial[] = []
  const table = subscriberTable(configOf(line(CELL, tested ? ', test-trunk: carrier' : '')))
  const tokens: Tokens = createTokens({ keys: await sharedKeys(), clock })
  await store.putDevice({
    ...{ id: 'phone', user: 'ada', instance: null, push: { provider: 'acme', token: 't' } },
    ...{ createdAt: 0, seenAt: 0, retired: null },
  })
  let serial = 0
  const forwarding = createForwarding({
    ...{ store, clock, log, calls, bus: createLocalBus({ log }), senders: new Map([['acme', push]]) },
    subscribers: () => table,
    lives: () => false,
    ids: () => `id-${String((serial += 1))}`,
    offer: async (_device, message) => {
      if (!site.channelOpen) return 'no-channel'
      channel.push(message)
      await site.receipt
      return 'taken'
    },
    dial: (subscriber, _id, progressed) => {
      if (subscriber.testTrunk === null) return null
      const trial = new FakeTrial(progressed)
      trials.push(trial)
      return trial
    },
  })
  onTestFinished(() => forwarding.close())
  const server = await startServer({
    clients: {
      tokens,
      routes: [...forwardingRoutes(forwarding, store), ...primaryCallRoutes(forwarding, store)],
    },
  })
  const ask: ForwardingSite['ask'] = async (method, path, body, user = 'ada') => {
    const token = await tokens.mintClient({
      ...{ client: 'app-1', user, grants: { 'primary-calls': true }, expiresAt: clock.now() + 60_000_000 },
      ...(user === 'ada' ? { deviceId: 'phone' } : {}),
    })
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    return server.get(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }
  const site: ForwardingSite = {
    ...{ channelOpen: true, receipt: Promise.resolve() },
    ...{ forwarding, calls, clock, store, push, channel, trials, log, ask },
  }
  if (registered) await ask('PUT', FORWARDING, { result: 'accepted' })
  return site
}

export const FORWARDING = `/v1/subscribers/${encodeURIComponent(CELL)}/forwarding`

/** What the phone says when it rings. */
export const REPORT = { subscriber: CELL, caller: CALLER, ringingSince: '2026-01-01T00:00:00.000Z' }

/** Reports a call; returns its id. */
export async function ring(site: ForwardingSite, report: object = {}): Promise<string> {
  const { status, json } = await site.ask('POST', '/v1/primary-calls', { ...REPORT, ...report })
  if (status !== 201) throw new Error(`the report was answered ${String(status)}`)
  return (json() as { readonly id: string }).id
}

/** An INVITE at the DID, from this number. */
export function invite(caller: string): Parameters<Forwarding['match']>[0] {
  const headers = (name: string): readonly string[] =>
    name === 'from' ? [`<sip:${caller}@carrier.example>`] : []
  return { callId: 'carrier-1', headers, header: (name) => headers(name)[0] }
}

export const TRUNK = { trusted: true, asserts: 'caller' } as const

/** What became of the INVITE. */
export function comes(site: ForwardingSite, caller: string = CALLER): ReturnType<Forwarding['match']> {
  return site.forwarding.match(invite(caller), DID, TRUNK)
}
