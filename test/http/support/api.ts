import { createDevices } from '../../../src/clients/devices/devices.js'
import { createTokens, type Tokens } from '../../../src/clients/tokens/tokens.js'
import { callRoutes } from '../../../src/http/routes/calls.js'
import { deviceRoutes } from '../../../src/http/routes/devices.js'
import type { HttpOptions } from '../../../src/http/index.js'
import type { BusMessage } from '../../../src/ports/bus.js'
import { FakeClock } from '../../support/fake-clock.js'
import { FakeStore } from '../../support/fake-store.js'
import { sharedKeys } from '../../tokens/keys.js'
import { RecordingLog } from '../../wake/recording-log.js'
import { FakeCalls } from './fake-calls.js'
import { type Answer, startServer, type TestServer } from './server.js'

export interface TestApi extends TestServer {
  readonly calls: FakeCalls
  readonly clock: FakeClock
  readonly tokens: Tokens
  readonly published: readonly BusMessage[]
  /** A call that rings at these devices for 30 seconds, and the token of the first. */
  readonly ring: (id: string, ...devices: readonly string[]) => Promise<string>
  /** A token of alice’s app, with the grant for devices unless others are named. */
  readonly clientToken: (claims?: Partial<Parameters<Tokens['mintClient']>[0]>) => Promise<string>
  readonly ask: (method: string, path: string, token?: string, body?: unknown) => Promise<Answer>
}

export const HOLD_MS = 30_000

/** The HTTP server with what apps may use, on calls and devices in memory. */
export async function startApi(options: Pick<HttpOptions, 'origins'> = {}): Promise<TestApi> {
  const clock = new FakeClock()
  const calls = new FakeCalls()
  const tokens = createTokens({ keys: await sharedKeys(), clock })
  const store = new FakeStore()
  const published: BusMessage[] = []
  const bus = { publish: (message: BusMessage) => Promise.resolve(void published.push(message)) }
  const devices = createDevices({
    ...{ store, bus, clock, log: new RecordingLog(), maxDevices: 3 },
    pushProviders: () => new Set(['acme', 'apns']),
  })
  const server = await startServer({
    ...options,
    store,
    clients: { tokens, routes: [...callRoutes({ calls, clock }), ...deviceRoutes(devices)] },
  })
  const expiresAt = () => clock.now() + HOLD_MS * 1000
  return {
    ...server,
    ...{ store, calls, clock, tokens, published },
    async ring(id, ...invited) {
      calls.ring(id, invited, clock.now(), expiresAt())
      const [deviceId = ''] = invited
      return tokens.mintCall({ callId: id, deviceId, user: 'alice', expiresAt: expiresAt() })
    },
    clientToken: (claims = {}) =>
      tokens.mintClient({
        ...{ client: 'app-1', user: 'alice', grants: { devices: true }, expiresAt: expiresAt() },
        ...claims,
      }),
    ask: (method, path, token, body) =>
      server.get(path, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}
