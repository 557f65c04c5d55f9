import { createTokens } from '../../../src/clients/tokens/tokens.js'
import { loadTokenKeys } from '../../../src/clients/tokens/keys.js'
import {
  asleep,
  awake,
  CellNetwork,
  type CellNetworkOptions,
  type CellPhone,
  type CellPhoneOptions,
  outside,
  PhoneApp,
  type PhoneAppOptions,
  type Secondary,
  setForwarding,
} from '../../../src/demo/carrier/index.js'
import type { Phone } from '../../../src/demo/index.js'
import { type ConfigTree, pushParams, TestServer, users } from '../../support/server.js'

const SECRET = 'a secret of the tests that is long enough'
const NOWHERE = { host: '127.0.0.1', port: 9 }

/** Subscriber n has the cell phone +1202555 1000+n, the DID +1202555 5000+n, and the user `sub<n>`. */
export const cellOf = (n: number): string => `+1202555${1000 + n}`
export const didOf = (n: number): string => `+1202555${5000 + n}`
/** A number outside that is a secondary. */
export const awayOf = (n: number): string => `+1202555${8000 + n}`

/** Three secondaries: a user who is awake, one who sleeps, and a number outside. */
export function subscriber(n: number, more: ConfigTree = {}): ConfigTree {
  return {
    [cellOf(n)]: {
      user: `sub${n}`,
      did: didOf(n),
      secondaries: [{ user: `awake${n}` }, { user: `asleep${n}` }, { number: awayOf(n), trunk: 'carrier' }],
      'test-trunk': 'carrier',
      ...more,
    },
  }
}

/** The users of subscribers 0 to `count` - 1: those themselves, and their secondaries. */
export function subscriberUsers(count: number): ConfigTree {
  const names = Array.from({ length: count }, (_, n) => [`sub${n}`, `awake${n}`, `asleep${n}`]).flat()
  return users(names)
}

export const TOKENS: ConfigTree = { keys: [{ id: 'test', algorithm: 'HS256', secret: SECRET }] }

/** As an operator makes it. */
export async function clientToken(user: string, device: string): Promise<string> {
  const clock = { now: () => Date.now() * 1000 }
  const keys = await loadTokenKeys([{ id: 'test', algorithm: 'HS256', secret: SECRET }], () =>
    Promise.reject(new Error('the key is here')),
  )
  const grants = { channel: true, devices: true, 'primary-calls': true } as const
  const expiresAt = clock.now() + 3_600_000_000
  return createTokens({ keys, clock }).mintClient({
    client: device,
    user,
    deviceId: device,
    grants,
    expiresAt,
  })
}

/** A subscriber's cell phone with its app. */
export interface Cell {
  readonly phone: CellPhone
  readonly app: PhoneApp
}

/** A server and a cell network that forwards calls to it. */
export class CellWorld {
  readonly #apps: PhoneApp[] = []

  private constructor(
    readonly server: TestServer,
    readonly network: CellNetwork,
  ) {}

  static async open(tree: ConfigTree, options: Partial<CellNetworkOptions> = {}): Promise<CellWorld> {
    const network = await CellNetwork.open({ proxy: NOWHERE, didDomain: 'example.net', ...options })
    const { host, port } = network.trunk.peer.local
    const trunk = { match: ['127.0.0.0/8'], trusted: true, proxy: `sip:${host}:${port}` }
    const server = await TestServer.start({ tokens: TOKENS, trunks: { carrier: trunk }, ...tree })
    network.trunk.proxy = server.address()
    return new CellWorld(server, network)
  }

  /** Its forwarding is set, and reported. */
  async cell(
    n: number,
    options: Partial<PhoneAppOptions> &
      Partial<CellPhoneOptions> & { readonly sets?: readonly string[] } = {},
  ): Promise<Cell> {
    const phone = this.network.phone({ number: cellOf(n), ...options })
    const { host, port } = this.server.server.http
    const token = await clientToken(`sub${n}`, `cell${n}`)
    const app = await PhoneApp.open(phone, {
      api: { host, port },
      token,
      ways: ['poll'],
      push: { service: this.server.push, token: `cell${n}` },
      ...options,
    })
    this.#apps.push(app)
    await registerDevice(app, `cell${n}`)
    const { sets = ['busy'] } = options
    if (sets.length > 0) await setForwarding(phone, app.api, sets)
    return { phone, app }
  }

  /** The secondaries of subscriber n; the phones ring until the test says otherwise. */
  async secondaries(n: number): Promise<readonly Secondary[]> {
    return [await this.awake(n), await this.asleep(n), outside(this.network, awayOf(n))]
  }

  async awake(n: number): Promise<Secondary> {
    return awake(ringing(await this.server.registeredPhone(`awake${n}`)))
  }

  async asleep(n: number): Promise<Secondary> {
    const token = `asleep${n}`
    const phone = ringing(await this.server.sleepingPhone(token, token, { protocol: 'tcp' }))
    return asleep(phone, this.server.push, token)
  }

  /** What went wrong at an app, where nobody waited for it. */
  get faults(): readonly Error[] {
    return this.#apps.flatMap(({ faults }) => faults)
  }

  async close(): Promise<void> {
    for (const app of this.#apps) await app.close()
    await this.network.close()
    await this.server.close()
  }
}

/** The server instructs devices that it knows. */
async function registerDevice(app: PhoneApp, device: string): Promise<void> {
  const { 'pn-provider': provider, 'pn-prid': token, 'pn-param': param } = pushParams(device)
  const { status } = await app.api.exchange({
    method: 'PUT',
    path: `/v1/devices/${device}`,
    body: { provider, token, param },
  })
  if (status >= 300) throw new Error(`the device was not taken: ${status}`)
}

function ringing(phone: Phone): Phone {
  phone.onInvite({})
  return phone
}
