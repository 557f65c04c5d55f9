import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll } from 'vitest'
import { ask } from '../../adapters/freeswitch/ask.js'
import { engines, type Named } from '../../support/engines.js'
import { OwnedServer } from './owned-server.js'

/** A drachtio-server and a FreeSWITCH, as the environment names them. */
export interface RealServers {
  readonly drachtio: Named
  readonly freeswitch: Named
}

/** As {@link RealServers}, started here: they may be killed. */
export interface OwnedServers extends RealServers {
  readonly sip: OwnedServer
  readonly media: OwnedServer
}

const NAMES = ['REVEILLE_TEST_DRACHTIO', 'REVEILLE_TEST_FREESWITCH'] as const
/** Shell commands that run these servers in the foreground, at the addresses that the variables above name. */
const COMMANDS = ['REVEILLE_TEST_DRACHTIO_COMMAND', 'REVEILLE_TEST_FREESWITCH_COMMAND'] as const

/** Variables that are not set: of those that name the servers, and of those that say how to start them. */
export function missing(): { readonly servers: readonly string[]; readonly commands: readonly string[] } {
  const unset = (name: string): boolean => (process.env[name] ?? '') === ''
  return { servers: NAMES.filter(unset), commands: COMMANDS.filter(unset) }
}

/**
 * The real servers for the tests of a file, started for it where the environment says how. Where it names none it is
 * the reason, to be shown where the tests are skipped. To be called at the top of a file. Rejects where a server that
 * is named cannot be reached.
 */
export async function realServers(): Promise<RealServers | string> {
  const { drachtio, freeswitch } = engines
  if (drachtio === undefined || freeswitch === undefined) return `no ${missing().servers.join(', ')}`
  if (missing().commands.length === 0) return ownedServers()
  const up = await Promise.all([drachtioIsUp(drachtio), freeswitchIsUp(freeswitch)])
  const away = NAMES.filter((_, n) => up[n] !== true)
  if (away.length > 0) throw new Error(`named and not reachable: ${away.join(', ')}`)
  return { drachtio, freeswitch }
}

/** Servers that the tests of a file may kill; they end with the file. Else the reason why there are none. */
export async function ownedServers(): Promise<OwnedServers | string> {
  const { drachtio, freeswitch } = engines
  const [startDrachtio, startFreeswitch] = COMMANDS.map((name) => process.env[name])
  if (!drachtio || !freeswitch || !startDrachtio || !startFreeswitch) {
    return `no ${[...missing().servers, ...missing().commands].join(', ')}`
  }
  const sip = await OwnedServer.start('drachtio-server', startDrachtio, () => drachtioIsUp(drachtio))
  afterAll(() => sip.kill())
  const media = await OwnedServer.start('FreeSWITCH', startFreeswitch, () => freeswitchIsUp(freeswitch))
  afterAll(() => media.kill())
  return { drachtio, freeswitch, sip, media }
}

/** Applications can connect. */
async function drachtioIsUp({ host, port }: Named): Promise<boolean> {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    return refused(error)
  } finally {
    socket.destroy()
  }
}

/** Its event socket answers, and its SIP profile runs. */
async function freeswitchIsUp(server: Named): Promise<boolean> {
  try {
    return /drachtio_mrf\s.*RUNNING/.test(await ask(server, 'sofia status'))
  } catch (error) {
    return refused(error)
  }
}

/** One that comes up may cut off who comes too early. */
function refused(error: unknown): false {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE') return false
  throw error
}
