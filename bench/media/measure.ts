import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cpuSecondsOf, familyOf, pin } from '../load/processes.js'
import { ask } from './ask.js'
import type { FromGenerator, ToGenerator } from './generator.js'
import type { Figures } from './measurements.js'
import type { Options } from './options.js'
import type { Relay, RelayedCall, RelayName } from './relay.js'
import { startReveille } from './reveille.js'
import { startRtpengine } from './rtpengine.js'

const GENERATOR = fileURLToPath(new URL('./generator.ts', import.meta.url))

const starts: Readonly<Record<RelayName, (cores: string) => Promise<Relay>>> = {
  reveille: startReveille,
  rtpengine: startRtpengine,
}

/** `floor`: the generator sends to itself, and nobody is between. */
export type Subject = RelayName | 'floor'

export interface Measured extends Figures {
  readonly subject: Subject
  readonly calls: number
  /** Of all processes of the relay, and of the generator, seconds. */
  readonly relayCpu: number
  readonly generatorCpu: number
}

/** One subject under so many calls, with processes that are new. */
export async function measure(subject: Subject, count: number, options: Options): Promise<Measured> {
  const child = fork(GENERATOR)
  const order = (message: ToGenerator): Promise<FromGenerator> =>
    ask<ToGenerator, FromGenerator>(child, message)
  let relay: Relay | undefined
  try {
    const { sides } = await order({ do: 'open' })
    if (options.loadCores !== '') for (const pid of familyOf(child.pid ?? 0)) pin(pid, options.loadCores)
    relay = subject === 'floor' ? undefined : await starts[subject](options.serverCores)
    const calls = relay === undefined ? straight(count, sides) : await relay.join(count, sides)
    if (options.warmUpSeconds > 0) await order({ do: 'run', calls, seconds: options.warmUpSeconds })
    const pids = relay?.roots.flatMap(familyOf) ?? []
    const before = cpuSecondsOf(pids)
    const { run } = await order({ do: 'run', calls, seconds: options.seconds })
    if (run === undefined) throw new Error('the generator counted nothing')
    const { cpu, ...figures } = run
    return { subject, calls: count, ...figures, relayCpu: cpuSecondsOf(pids) - before, generatorCpu: cpu }
  } finally {
    await relay?.stop()
    const gone = once(child, 'exit')
    child.disconnect()
    await gone
  }
}

/** What A sends goes to B as it is, and so the other way. */
function straight(count: number, { a, b }: RelayedCall): RelayedCall[] {
  return Array.from({ length: count }, () => ({ a: b, b: a }))
}
