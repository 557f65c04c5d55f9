import { obey } from './ask.js'
import type { Figures } from './measurements.js'
import type { RelayedCall } from './relay.js'
import { Traffic } from './traffic.js'

/* The process that plays both sides of all calls. */

export type ToGenerator =
  | { readonly do: 'open' }
  | { readonly do: 'run'; readonly calls: readonly RelayedCall[]; readonly seconds: number }

export interface FromGenerator {
  readonly sides: RelayedCall
  readonly run?: Figures & {
    /** Of this process, seconds. */
    readonly cpu: number
  }
}

let traffic: Traffic | undefined

obey<ToGenerator, FromGenerator>(async (order) => {
  traffic ??= await Traffic.open()
  const { sides } = traffic
  if (order.do === 'open') return { sides }
  const before = process.cpuUsage()
  const figures = await traffic.run(order.calls, order.seconds)
  const { user, system } = process.cpuUsage(before)
  return { sides, run: { ...figures, cpu: (user + system) / 1e6 } }
})
