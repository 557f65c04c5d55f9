import { describe, test } from 'vitest'
import { createSignaling } from '../../src/adapters/drachtio/signaling.js'
import { systemClock } from '../../src/adapters/system/clock.js'
import type { ListeningPoint } from '../../src/ports/signaling.js'
import { engines, type Named } from './engines.js'
import { sipIdentity } from './sip/identity.js'

const HOST = '127.0.0.1'
const CERTIFICATE = { 'cert-file': sipIdentity.cert, 'key-file': sipIdentity.key }
/** How long a named server may take to say where it listens. Bounds failures only. */
const PATIENCE_MS = 5_000

export type SecureProtocol = 'tls' | 'ws' | 'wss'

/**
 * A suite on a SIP server that listens on UDP and on `protocol`; it is given what of the configuration makes it so.
 * A drachtio server of somebody else's listens where it was told to: where that is not enough the suite is left out,
 * in a line that says what is missing. Rejects where a named server is not reachable.
 */
export async function describeOver(
  protocol: SecureProtocol,
  name: string,
  suite: (sip: Readonly<Record<string, unknown>>) => void,
): Promise<void> {
  const { drachtio } = engines
  if (drachtio === undefined) {
    describe(name, () => suite({ listen: [listener('udp'), listener(protocol)] }))
    return
  }
  points ??= listeningPoints(drachtio)
  if ((await points).some((point) => point.protocol === protocol)) {
    describe(name, () => suite({}))
    return
  }
  const contact = `--contact "${protocol === 'ws' ? 'sip' : 'sips'}:${HOST}:PORT;transport=${protocol}"`
  const files = protocol === 'ws' ? '' : ', --cert-file, --key-file, --chain-file: test/support/sip/tls'
  const missing = `the named drachtio server has no ${contact}${files}`
  process.stderr.write(`left out: ${name}: ${missing}\n`)
  describe.skip(`${name} (left out: ${missing})`, () => {
    test('does all of it', () => undefined)
  })
}

function listener(protocol: 'udp' | SecureProtocol): object {
  const secure = protocol === 'tls' || protocol === 'wss'
  return { protocol, host: HOST, port: 0, ...(secure && CERTIFICATE) }
}

/** Asked once a test file. */
let points: Promise<readonly ListeningPoint[]> | undefined

/** Where a drachtio server takes SIP, as it says itself. */
async function listeningPoints(server: Named): Promise<readonly ListeningPoint[]> {
  const quiet = () => undefined
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }
  let reached: () => void = quiet
  let stop: () => void = quiet
  const up = new Promise<void>((resolve, reject) => {
    reached = resolve
    const { host, port } = server
    stop = systemClock.after(PATIENCE_MS, () =>
      reject(new Error(`drachtio at ${host}:${port} is named and not reachable`)),
    )
  })
  const handlers = {
    ...{ invite: quiet, register: quiet, options: quiet, other: quiet },
    ...{ gatewayLost: quiet, gatewayUp: () => reached() },
  }
  const signaling = createSignaling([{ name: 'drachtio', ...server }], handlers, systemClock, log)
  try {
    await up
    return signaling.gateways.flatMap(({ listening }) => listening)
  } finally {
    stop()
    await signaling.close()
  }
}
