import { freePorts } from '../load/ports.js'
import { Program, versionOf } from './program.js'

/** Below those that the kernel gives to sockets that ask for none. */
const MEDIA_PORTS = { from: 10_000, to: 32_767 } as const

/** Debian's, or none. */
export function rtpengineVersion(): string | undefined {
  // It writes its version to either stream, depending on its own.
  return versionOf('sh', ['-c', 'rtpengine --version 2>&1 || true'], /Version: (\S+)/)
}

export interface Rtpengine {
  readonly program: Program
  /** Of its control protocol. */
  readonly port: number
}

/** rtpengine in user space: there is no kernel module of its in most containers, nor in ours. */
export async function startRtpengine(cores: string): Promise<Rtpengine> {
  const [port = 0] = await freePorts(1)
  const argv = [
    '--foreground',
    '--log-stderr',
    '--log-level=4',
    '--table=-1',
    '--interface=127.0.0.1',
    `--listen-ng=127.0.0.1:${port}`,
    `--port-min=${MEDIA_PORTS.from}`,
    `--port-max=${MEDIA_PORTS.to}`,
  ]
  const question = { port, text: () => 'ready d7:command4:pinge' }
  const isFault = (line: string): boolean => /ERR|CRIT/.test(line)
  return { port, program: await Program.start('rtpengine', argv, { isFault, question, cores }) }
}
