import { expect } from 'vitest'
import type { CallEnding, IncomingCall, OutgoingCall } from '../../../src/demo/index.js'
import type { CellCall, PrimaryCall, Secondary } from '../../../src/demo/carrier/index.js'
import { type Cell, cellOf, type CellWorld } from './cell.js'

export const ann = { number: '+12025550177', name: 'Ann' }

export interface Ringing {
  readonly cell: Cell
  readonly call: CellCall
  readonly primary: PrimaryCall
  readonly secondaries: readonly Secondary[]
  readonly incoming: readonly IncomingCall[]
}

/** A call to subscriber n, as far as its three secondaries ring. */
export async function ring(world: CellWorld, n: number, cell: Cell): Promise<Ringing> {
  const secondaries = await world.secondaries(n)
  const call = world.network.call(ann, cellOf(n))
  const primary = await cell.app.nextCall()
  await primary.id()
  const incoming = await Promise.all(secondaries.map((one) => one.rings(5_000)))
  return { cell, call, primary, secondaries, incoming }
}

export function first({ incoming: [one] }: Ringing): IncomingCall {
  if (one === undefined) throw new Error('nobody rings')
  return one
}

export async function endings(incoming: readonly IncomingCall[]): Promise<readonly CallEnding[]> {
  return Promise.all(incoming.map((one) => one.ended))
}

export async function finish(leg: OutgoingCall, taken: IncomingCall): Promise<void> {
  leg.hangUp()
  await Promise.all([leg.ended, taken.ended])
}

export interface Detail {
  readonly call: { readonly ending: { readonly cause: string; readonly status: number } | null }
  readonly timeline: { readonly stages: Readonly<Record<string, number>> }
  readonly events: readonly { readonly type: string; readonly at: number }[]
}

/** What the server has written of the call, once it has written how it ended. */
export async function written({ server }: CellWorld, primary: PrimaryCall): Promise<Detail> {
  const id = await primary.id()
  let detail: Detail | undefined
  await expect
    .poll(
      async () => {
        const response = await fetch(`${server.url}/v1/admin/calls/${id}`)
        detail = response.ok ? ((await response.json()) as Detail) : undefined
        return detail?.call.ending ?? null
      },
      { timeout: 5_000 },
    )
    .not.toBeNull()
  if (detail === undefined) throw new Error('the call is not written')
  return detail
}
