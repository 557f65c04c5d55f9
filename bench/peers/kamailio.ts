import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../load/ports.js'
import type { Peer, PeerOptions } from './peer.js'
import { optionsRequest, Program, versionOf } from './program.js'
import { type Rtpengine, startRtpengine } from './rtpengine.js'

const CONFIGURATION = fileURLToPath(new URL('./kamailio.cfg', import.meta.url))
/** What tsilo says of a REGISTER for which no call waits: none of ours. */
const NO_CALL = 'failed to retrieve record'
/** Shared, and of each process, MB. What is not used is not touched, and in no figure. */
const MEMORY = { shared: 8192, own: 16 } as const

/** Debian's, or none. */
export function kamailioVersion(): string | undefined {
  return versionOf('kamailio', ['-v'], /version: kamailio (\S+)/)
}

export interface KamailioOptions {
  /** Processes that send pushes; each waits for its answer. */
  readonly pushWorkers: number
  /** Waiting transactions are suspended, and not kept by tsilo. */
  readonly suspends?: boolean
  /** rtpengine relays the media; for those that suspend. */
  readonly relays?: boolean
}

/** Kamailio by kamailio.cfg. */
export async function startKamailio(options: PeerOptions, kind: KamailioOptions): Promise<Peer> {
  const media = kind.relays === true ? await startRtpengine(options.cores) : undefined
  const directory = await mkdtemp(join(tmpdir(), 'kamailio-bench-'))
  const tidy = async (): Promise<void> => {
    await media?.program.stop()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const { program, port } = await startProxy(options, kind, directory, media)
    return {
      server: { host: '127.0.0.1', port },
      roots: [program.pid, ...(media === undefined ? [] : [media.program.pid])],
      faults: () => [...program.faults, ...(media?.program.faults ?? [])],
      stop: async () => {
        await program.stop()
        await tidy()
      },
    }
  } catch (error) {
    await tidy()
    throw error
  }
}

async function startProxy(
  { domain, pushPorts, cores }: PeerOptions,
  { pushWorkers, suspends }: KamailioOptions,
  directory: string,
  media: Rtpengine | undefined,
): Promise<{ readonly program: Program; readonly port: number }> {
  const [port = 0] = await freePorts(1)
  const defines = [
    `LISTEN=udp:127.0.0.1:${port}`,
    `DOMAIN="${domain}"`,
    `PUSH_WORKERS=${pushWorkers}`,
    'WORKERS=2',
    ...pushPorts.map((to, n) => `PUSH_${n}="push${n}=>http://127.0.0.1:${to}"`),
    ...(suspends === true ? ['SUSPEND'] : []),
    ...(media === undefined ? [] : [`RTPENGINE="udp:127.0.0.1:${media.port}"`]),
  ]
  const memory = ['-m', String(MEMORY.shared), '-M', String(MEMORY.own)]
  const argv = ['-f', CONFIGURATION, '-DD', '-E', ...memory, '-Y', directory, '-w', directory]
  const program = await Program.start('kamailio', [...argv, ...defines.flatMap((one) => ['-A', one])], {
    isFault: (line) => /ERROR|CRITICAL|ALERT/.test(line) && !line.includes(NO_CALL),
    question: { port, text: (own) => optionsRequest(port, own) },
    cores,
  })
  return { program, port }
}
