import { connect } from 'node:net'
import { once } from 'node:events'
import { createFreeswitchMedia, type FreeswitchOptions } from '../../../src/adapters/freeswitch/media.js'
import { systemClock } from '../../../src/adapters/system/clock.js'
import type { MediaUnderTest } from '../../contract/media.contract.js'
import { cuttablePath } from './cuttable.js'
import { quietLog } from './quiet-log.js'

export interface NamedServer {
  readonly host: string
  readonly port: number
  readonly secret: string
}

export interface NamedEngines {
  readonly freeswitch: NamedServer
  readonly drachtio: NamedServer
}

/** The real servers that the environment names, `host:port:secret` each; undefined where it names none. */
export function enginesNamed(): NamedEngines | undefined {
  const freeswitch = process.env['REVEILLE_TEST_FREESWITCH']
  const drachtio = process.env['REVEILLE_TEST_DRACHTIO']
  if (!freeswitch || !drachtio) return undefined
  return { freeswitch: serverOf(freeswitch), drachtio: serverOf(drachtio) }
}

function serverOf(text: string): NamedServer {
  const [, host = '', port = '', secret = ''] = /^(.+?):(\d+):(.+)$/.exec(text) ?? []
  if (secret === '') throw new Error(`expected host:port:secret, got ${text}`)
  return { host, port: Number(port), secret }
}

/** FreeSWITCH behind a path that can be cut. Rejects where a server is not reachable. */
export async function openRealMedia(
  engines: NamedEngines,
  options: Partial<FreeswitchOptions> = {},
): Promise<MediaUnderTest> {
  await Promise.all([reachable(engines.freeswitch), reachable(engines.drachtio)])
  const path = await cuttablePath(engines.freeswitch)
  const server = {
    ...{ name: 'fs', host: '127.0.0.1', port: path.port, secret: engines.freeswitch.secret },
    ...{ profile: 'drachtio_mrf', weight: 1 },
  }
  const media = await createFreeswitchMedia(
    {
      servers: [server],
      signaling: [{ name: 'drachtio', ...engines.drachtio }],
      listen: { host: '127.0.0.1' },
      mediaTimeoutMs: 60_000,
      ...options,
    },
    systemClock,
    quietLog,
  )
  return {
    media,
    breakEngine: () => path.cut(),
    mendEngine: () => path.mend(),
    async close() {
      await media.close()
      await path.close()
    },
  }
}

async function reachable({ host, port }: NamedServer): Promise<void> {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect')
  } catch (error) {
    throw new Error(`${host}:${port} is named and not reachable`, { cause: error })
  } finally {
    socket.destroy()
  }
}
