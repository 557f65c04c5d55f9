import Srf from 'drachtio-srf'
import { PostgresServer } from '../../test/support/postgres/server.js'
import { listenerOf } from './listeners.js'

/** As the tests of the engines name them: host:port:secret of servers that run. */
const VARIABLES = { drachtio: 'REVEILLE_TEST_DRACHTIO', freeswitch: 'REVEILLE_TEST_FREESWITCH' } as const
const PATIENCE_MS = 10_000

interface Named {
  readonly host: string
  readonly port: number
  readonly secret: string
}

/** Real engines for a server of ours: those that the environment names, and a PostgreSQL that is started here. */
export interface Engines {
  /** What of a configuration names them. */
  readonly configuration: { readonly sip: object; readonly media: object; readonly database: object }
  /** Where the drachtio server takes SIP over UDP. */
  readonly sip: { readonly host: string; readonly port: number }
  /** Of the engines that run on this machine. */
  readonly roots: readonly number[]
  close(): Promise<void>
}

/** Whether the environment names any. */
export function enginesAreNamed(): boolean {
  return named(VARIABLES.drachtio) !== undefined && named(VARIABLES.freeswitch) !== undefined
}

/** Rejects where the environment names none, where they are not there, and where no PostgreSQL runs here. */
export async function openEngines(domain: string): Promise<Engines> {
  const [drachtio, freeswitch] = [named(VARIABLES.drachtio), named(VARIABLES.freeswitch)]
  if (drachtio === undefined || freeswitch === undefined)
    throw new Error(`${Object.values(VARIABLES).join(' and ')} name the servers`)
  const sip = await sipAddress(drachtio)
  const postgres = await PostgresServer.start()
  const ports = [drachtio.port, freeswitch.port, Number(new URL(postgres.url).port)]
  return {
    configuration: {
      sip: { engine: 'drachtio', domain, servers: [{ name: 'edge', ...drachtio }] },
      media: { engine: 'freeswitch', servers: [{ name: 'media', ...freeswitch }] },
      database: { engine: 'postgres', url: postgres.url },
    },
    sip,
    roots: ports.map(listenerOf).filter((pid) => pid !== undefined),
    close: () => postgres.close(),
  }
}

/** Asked of the server itself. */
async function sipAddress(drachtio: Named): Promise<{ readonly host: string; readonly port: number }> {
  const srf = new Srf()
  try {
    const points = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('drachtio does not answer')), PATIENCE_MS)
      srf.on('connect', (error: Error | null, hostports: string) => {
        clearTimeout(timer)
        if (error) reject(error)
        else resolve(hostports)
      })
      srf.on('error', reject)
      void srf.connect(drachtio)
    })
    const [, host, port] = /\budp\/([^:,]+):(\d+)/.exec(points) ?? []
    if (host === undefined) throw new Error(`drachtio takes no UDP: ${points}`)
    return { host, port: Number(port) }
  } finally {
    srf.disconnect()
  }
}

function named(variable: string): Named | undefined {
  const [, host, port, secret] = /^([^:]+):(\d+):(.+)$/.exec(process.env[variable] ?? '') ?? []
  return host === undefined || secret === undefined ? undefined : { host, port: Number(port), secret }
}
