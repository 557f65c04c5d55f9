import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../load/ports.js'
import { familyOf, pin } from '../load/processes.js'
import type { Peer, PeerOptions } from './peer.js'

const CONFIGURATION = fileURLToPath(new URL('./kamailio.cfg', import.meta.url))
const PATIENCE_MS = 20_000
const ASK_MS = 50
/** Faults that are kept; a server in trouble writes many. */
const KEPT_LINES = 20
/** What tsilo says of a REGISTER for which no call waits: none of ours. */
const NO_CALL = 'failed to retrieve record'

/** Debian's, or none. */
export function kamailioVersion(): string | undefined {
  try {
    return /version: kamailio (\S+)/.exec(execFileSync('kamailio', ['-v'], { encoding: 'utf8' }))?.[1]
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Kamailio with tsilo, by kamailio.cfg. `pushWorkers`: processes that send pushes; each waits for its answer. */
export async function startKamailio(
  { domain, pushPorts, cores }: PeerOptions,
  pushWorkers: number,
): Promise<Peer> {
  const directory = await mkdtemp(join(tmpdir(), 'kamailio-bench-'))
  const [port = 0] = await freePorts(1)
  const defines = [
    `LISTEN=udp:127.0.0.1:${port}`,
    `DOMAIN="${domain}"`,
    `PUSH_WORKERS=${pushWorkers}`,
    'WORKERS=2',
    ...pushPorts.map((to, n) => `PUSH_${n}="push${n}=>http://127.0.0.1:${to}"`),
  ]
  const memory = ['-m', '1024', '-M', '16']
  const argv = ['-f', CONFIGURATION, '-DD', '-E', ...memory, '-Y', directory, '-w', directory]
  const child = spawn('kamailio', [...argv, ...defines.flatMap((one) => ['-A', one])], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const faults = text.split('\n').filter((line) => /ERROR|CRITICAL|ALERT/.test(line))
    lines.push(...faults.filter((line) => !line.includes(NO_CALL)))
    lines.splice(KEPT_LINES)
  })
  const pid = child.pid ?? 0
  const stop = async (): Promise<void> => {
    await end(child)
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await answers(child, port, lines)
    if (cores !== '') for (const one of familyOf(pid)) pin(one, cores)
  } catch (error) {
    await stop()
    throw error
  }
  return { server: { host: '127.0.0.1', port }, pid, faults: () => lines, stop }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}

/** Asks until it answers: with 405, to OPTIONS. */
async function answers(child: ChildProcess, port: number, lines: readonly string[]): Promise<void> {
  const socket = createSocket('udp4')
  let heard = false
  socket.on('message', () => (heard = true))
  // Nobody listens yet.
  socket.on('error', () => undefined)
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const own = socket.address().port
  const options =
    `OPTIONS sip:127.0.0.1:${port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${own};branch=z9hG4bKready\r\n` +
    `Max-Forwards: 70\r\nFrom: <sip:ready@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\n` +
    `Call-ID: ready\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`
  try {
    const last = performance.now() + PATIENCE_MS
    while (!heard) {
      if (child.exitCode !== null) throw new Error(`kamailio ended as it started: ${lines.join('\n')}`)
      if (performance.now() > last) throw new Error(`kamailio did not answer: ${lines.join('\n')}`)
      socket.send(options, port, '127.0.0.1')
      await sleep(ASK_MS)
    }
  } finally {
    socket.close()
  }
}
