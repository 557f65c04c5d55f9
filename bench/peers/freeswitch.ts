import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../load/ports.js'
import type { Peer, PeerOptions } from './peer.js'
import { optionsRequest, Program, versionOf } from './program.js'

const CONFIGURATION = fileURLToPath(new URL('./freeswitch.xml', import.meta.url))
/** Its program, where it is in no directory of PATH. */
const VARIABLE = 'REVEILLE_BENCH_FREESWITCH'
/** It writes nowhere else. */
const DIRECTORIES = ['log', 'run', 'db', 'htdocs', 'scripts', 'temp', 'grammar', 'certs'] as const
const MORE_DIRECTORIES = ['recordings', 'storage', 'cache', 'sounds'] as const

export function freeswitchVersion(): string | undefined {
  return versionOf(command(), ['-version'], /version: (\S+)/)
}

/** FreeSWITCH by freeswitch.xml, with everything that it writes in a folder of its own. */
export async function startFreeswitch({ domain, cores }: PeerOptions): Promise<Peer> {
  const directory = await mkdtemp(join(tmpdir(), 'freeswitch-bench-'))
  const tidy = (): Promise<void> => rm(directory, { recursive: true, force: true })
  try {
    const [port = 0] = await freePorts(1)
    const folders = [...DIRECTORIES, ...MORE_DIRECTORIES]
    await Promise.all(folders.map((one) => mkdir(join(directory, one))))
    const template = await readFile(CONFIGURATION, 'utf8')
    const filled = template.replaceAll('@PORT@', String(port)).replaceAll('@DOMAIN@', domain)
    await writeFile(join(directory, 'freeswitch.xml'), filled)
    const argv = ['-nf', '-nc', '-np', '-nonat', '-conf', directory]
    const places = folders.flatMap((one) => [`-${one}`, join(directory, one)])
    const program = await Program.start(command(), [...argv, ...places], {
      isFault: (line) => /\[(ERR|CRIT|ALERT)\]/.test(line),
      question: { port, text: (own) => optionsRequest(port, own) },
      cores,
      cwd: directory,
    })
    return {
      server: { host: '127.0.0.1', port },
      roots: [program.pid],
      faults: () => program.faults,
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

function command(): string {
  const named = process.env[VARIABLE]
  return named === undefined || named === '' ? 'freeswitch' : named
}
