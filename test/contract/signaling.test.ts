import { describe } from 'vitest'
import { createSignaling } from '../../src/adapters/drachtio/signaling.js'
import { createEmbeddedSignaling } from '../../src/adapters/embedded-sip/signaling.js'
import { systemClock } from '../../src/adapters/system/clock.js'
import { type SipServer, startSipServer } from '../../src/embedded/sip/index.js'
import type { Signaling, SignalingHandlers } from '../../src/ports/signaling.js'
import { quietLog } from '../adapters/freeswitch/quiet-log.js'
import { QUICK } from '../embedded/sip/support/world.js'
import { engines } from '../support/engines.js'
import { type OpenedSignaling, signalingContract } from './signaling.contract.js'

const LISTEN = [{ protocol: 'udp', host: '127.0.0.1', port: 0 }] as const

/** Resolves once the gateway is up, with where it takes datagrams. */
async function reached(
  handlers: SignalingHandlers,
  open: (handlers: SignalingHandlers) => Signaling,
): Promise<Pick<OpenedSignaling, 'signaling' | 'address'>> {
  let signaling!: Signaling
  await new Promise<void>((resolve) => {
    signaling = open({ ...handlers, gatewayUp: () => resolve() })
  })
  const points = signaling.gateways.flatMap(({ listening }) => listening)
  const point = points.find(({ protocol }) => protocol === 'udp')
  if (point === undefined) throw new Error('the SIP server takes no datagrams')
  return { signaling, address: { host: point.host, port: point.port } }
}

/** With the server, which is this test's own. */
function beforeServer(server: SipServer, opened: Awaited<ReturnType<typeof reached>>) {
  return {
    ...opened,
    stop: () => server.close(),
    close: async () => {
      await opened.signaling.close()
      await server.close()
    },
  }
}

signalingContract('to an embedded server, in the process', async (handlers) => {
  const server = await startSipServer({ listen: [...LISTEN], timers: QUICK })
  const opened = await reached(handlers, (all) =>
    createEmbeddedSignaling([{ name: 'embedded', server }], all, quietLog),
  )
  return beforeServer(server, opened)
})

signalingContract('to an embedded server, over its control port', async (handlers) => {
  const server = await startSipServer({ control: {}, listen: [...LISTEN], timers: QUICK })
  const opened = await reached(handlers, (all) =>
    createSignaling([{ name: 'embedded', ...server.control }], all, systemClock, quietLog),
  )
  return beforeServer(server, opened)
})

const { drachtio } = engines
describe.skipIf(drachtio === undefined)('with a drachtio-server that is named', () => {
  signalingContract('to drachtio-server', async (handlers) => {
    if (drachtio === undefined) throw new Error('none is named')
    const opened = await reached(handlers, (all) =>
      createSignaling([{ name: 'drachtio', ...drachtio }], all, systemClock, quietLog),
    )
    return { ...opened, close: () => opened.signaling.close() }
  })
})
