import { startMediaEngine, type MediaEngine } from '../../src/embedded/media/index.js'
import { obey } from './ask.js'
import type { RelayedCall } from './relay.js'
import { audioPort, sideAt } from './sdp.js'

/* The process that our media engine is measured in. */

export type ToHost =
  { readonly do: 'start' } | { readonly do: 'join'; readonly count: number; readonly sides: RelayedCall }

export interface FromHost {
  readonly calls: readonly RelayedCall[]
}

const PORTS = { min: 24_000, max: 29_999 }
let engine: MediaEngine | undefined

async function joinOne(running: MediaEngine, sides: RelayedCall): Promise<RelayedCall> {
  const a = await running.createEndpoint({ remoteSdp: sideAt(sides.a) })
  const b = await running.createEndpoint({ offerLike: a })
  await b.accept(sideAt(sides.b))
  await a.join(b)
  return { a: audioPort(a.localSdp), b: audioPort(b.localSdp) }
}

obey<ToHost, FromHost>(async (order) => {
  engine ??= await startMediaEngine({ host: '127.0.0.1', ports: PORTS })
  const calls: RelayedCall[] = []
  if (order.do === 'join') {
    for (let n = 0; n < order.count; n++) calls.push(await joinOne(engine, order.sides))
    // Ordered after the joins: they are carried out when this is answered.
    await engine.stats()
  }
  return { calls }
})
