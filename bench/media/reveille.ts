import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { familyOf, pin } from '../load/processes.js'
import { ask } from './ask.js'
import type { FromHost, ToHost } from './engine-host.js'
import type { Relay } from './relay.js'

const HOST = fileURLToPath(new URL('./engine-host.ts', import.meta.url))

/** Our media engine in a process of its own. */
export async function startReveille(cores: string): Promise<Relay> {
  const child = fork(HOST)
  const order = (message: ToHost): Promise<FromHost> => ask<ToHost, FromHost>(child, message)
  const stop = async (): Promise<void> => {
    const gone = once(child, 'exit')
    child.disconnect()
    await gone
  }
  try {
    await order({ do: 'start' })
    const root = child.pid ?? 0
    if (cores !== '') for (const pid of familyOf(root)) pin(pid, cores)
    return {
      roots: [root],
      join: async (count, sides) => (await order({ do: 'join', count, sides })).calls,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
