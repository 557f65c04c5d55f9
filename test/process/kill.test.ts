import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Phone } from '../../src/demo/index.js'
import { Deferred } from '../../src/demo/waiting.js'
import { PATIENCE_MS } from '../support/process.js'
import { bridge, finish, talk } from './support/calls.js'
import { until } from './support/poll.js'
import { Site, users } from './support/site.js'

interface Calls {
  readonly calls: readonly {
    readonly id: string
    readonly to: string
    readonly endedAt: number | null
    readonly ending: { readonly cause: string; readonly by: string } | null
  }[]
}
interface Devices {
  readonly devices: readonly {
    readonly id: string
    readonly user: string
    readonly push: { readonly token: string } | null
  }[]
}

let site: Site

beforeEach(async () => {
  site = await Site.open({ users: users('alice', 'bob', 'carol', 'dave') })
}, PATIENCE_MS)
afterEach(() => site.close(), PATIENCE_MS)

test(
  'a server that was killed in the middle of calls knows its phones again, and says what became of the calls',
  async () => {
    const first = await site.start()
    const admin = async <T>(path: string): Promise<T> => {
      return (await (await fetch(`${first.url}/v1/admin/${path}`)).json()) as T
    }
    const caller = await site.caller()
    const alice = await site.registeredPhone('alice')
    const carol = await site.registeredPhone('carol')
    const asleep = { bob: await site.sleepingPhone('bob'), dave: await site.sleepingPhone('dave') }
    const bridged = await bridge(caller, alice)
    const waiting = await Promise.all(
      Object.keys(asleep).map((name) => caller.call(`sip:${name}@example.net`)),
    )
    await Promise.all(Object.keys(asleep).map((name) => site.push.nextDelivery(`token-${name}`)))
    await talk(bridged)
    const { devices } = await admin<Devices>('devices')
    await until('all three calls are in the database', async () => {
      const { calls } = await admin<Calls>('calls')
      return calls.length === 3
    })

    expect(await first.kill()).toEqual({ code: null, signal: 'SIGKILL' })
    await Promise.all([bridged.call, bridged.incoming, ...waiting].map((call) => call.abandon()))
    const second = await site.start()

    const interrupted = await second.says('calls were interrupted by the last end of the server')
    const { calls } = await site.json<Calls>('calls')
    expect(calls.map(({ to }) => to).sort()).toEqual(['alice', 'bob', 'dave'])
    expect(calls.map(({ id }) => id).sort()).toEqual([...(interrupted['calls'] as string[])].sort())
    for (const { ending, endedAt } of calls) {
      expect(ending).toMatchObject({ cause: 'interrupted', by: 'server' })
      expect(endedAt).toBeGreaterThan(0)
    }
    expect((await site.json<Devices>('devices')).devices).toEqual(devices)

    // Bob's phone has said nothing since before the crash: the push alone makes it register.
    const call = await caller.call('sip:bob@example.net')
    await site.push.nextDelivery('token-bob')
    expect((await asleep.bob.wake()).status).toBe(200)
    const incoming = await asleep.bob.nextCall()
    await Promise.all([call.answered(), incoming.established])
    await finish({ call, incoming })
    // Carol's binding is as good as before: her phone rings without a push.
    await finish(await bridge(caller, carol))
    expect(site.push.pushesTo('token-carol')).toEqual([])
    expect(second.errors).toEqual([])
  },
  PATIENCE_MS,
)

interface Renewing {
  /** Resolves once a good many REGISTERs were accepted. */
  readonly underWay: Promise<void>
  /** How many were, when the server said no more. */
  readonly accepted: Promise<number>
}

/** Each REGISTER of the phone has another push token, and the next is sent as soon as the last was accepted. */
function renew(phone: Phone): Renewing {
  const underWay = new Deferred<void>()
  const registerOn = async (): Promise<number> => {
    for (let n = 0; ; n++) {
      const contactParams = { 'pn-provider': 'acme', 'pn-prid': tokenOf(phone, n + 1), 'pn-param': 'app' }
      const response = await phone.register({ contactParams })
      if (response.status !== 200) return n
      if (n === 25) underWay.resolve()
    }
  }
  return { underWay: underWay.promise, accepted: registerOn() }
}

/** Its end is what operators see of it. */
function tokenOf(phone: Phone, n: number): string {
  return `token-of-${phone.options.user}-${String(n).padStart(6, '0')}`
}

test(
  'a server that is killed while phones register forgets nothing that it said 200 to',
  async () => {
    const server = await site.start()
    const phones = await Promise.all(['alice', 'bob', 'carol', 'dave'].map((name) => site.phone(name)))
    const renewing = phones.map(renew)
    await Promise.all(renewing.map(({ underWay, accepted }) => Promise.race([underWay, accepted])))
    await server.kill()
    await Promise.all(phones.map((phone) => phone.close()))
    const accepted = await Promise.all(renewing.map((one) => one.accepted))

    const { devices } = await site.json<Devices>('devices')
    expect(devices).toHaveLength(phones.length)
    phones.forEach((phone, index) => {
      const n = accepted[index] ?? NaN
      expect(n).toBeGreaterThan(25)
      const token = devices.find(({ user }) => user === phone.options.user)?.push?.token
      // One more may have been written than the phone heard of.
      expect([n, n + 1].map((one) => `…${tokenOf(phone, one).slice(-6)}`)).toContain(token)
    })
  },
  PATIENCE_MS,
)
