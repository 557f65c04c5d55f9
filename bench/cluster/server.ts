import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type LogLine, ServerProcess } from '../../test/support/process.js'
import { freePorts } from '../load/ports.js'
import { passwordOf, phoneNumber, providerOf } from '../load/plan.js'
import { familyOf, pin } from '../load/processes.js'
import { nodeFlags } from '../support/node-flags.js'

export interface ClusterOptions {
  /** 0: the server that is one process altogether. */
  readonly workers: number
  readonly database: string
  readonly domain: string
  readonly pushPort: number
  readonly phones: number
  /** As of taskset(1); '' for any. */
  readonly cores: string
}

/** A server of one or several processes, up. */
export interface Cluster {
  readonly server: { readonly host: string; readonly port: number }
  /** The first is the one that started the others. */
  pids(): readonly number[]
  readonly log: readonly LogLine[]
  stop(): Promise<void>
}

/** Reveille on its embedded engines and a PostgreSQL, as a user starts it. Rejects where it does not come up. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const directory = await mkdtemp(join(tmpdir(), 'reveille-cluster-'))
  const [sip = 0, http = 0] = await freePorts(2)
  const file = join(directory, 'reveille.yaml')
  await writeFile(file, stringify(configuration(options, sip, http)))
  const { workers, cores } = options
  const more = workers === 0 ? [] : ['--workers', String(workers)]
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true })
  let server: ServerProcess | undefined
  try {
    server = await ServerProcess.start(['--config', file, ...more], directory, nodeFlags)
    const { pid } = server
    if (cores !== '') for (const one of familyOf(pid)) pin(one, cores)
    const { logged } = server
    const stop = server.stop.bind(server)
    return {
      server: { host: '127.0.0.1', port: sip },
      pids: () => familyOf(pid),
      log: logged,
      async stop() {
        await stop()
        await remove()
      },
    }
  } catch (error) {
    await server?.kill()
    await remove()
    throw error
  }
}

function configuration(options: ClusterOptions, sip: number, http: number): object {
  const { domain, database, pushPort, phones } = options
  const users = Array.from({ length: phones }, (_, n) => {
    const number = phoneNumber(0, n)
    return [String(number), { password: passwordOf(number), ring: '10m' }] as const
  })
  return {
    sip: { domain, listen: [{ protocol: 'udp', host: '127.0.0.1', port: sip }] },
    media: { ports: '20000-29999' },
    database: { engine: 'postgres', url: database },
    push: {
      [providerOf(0)]: { adapter: 'webhook', url: `http://127.0.0.1:${String(pushPort)}/push/{token}` },
    },
    http: { port: http },
    trunks: { carrier: { match: ['127.0.0.0/8'], trusted: true, ringback: 'early-media' } },
    users: Object.fromEntries(users),
  }
}
