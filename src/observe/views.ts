import { z } from 'zod'
import type { CallEventRecord, CallRecord, Device } from '../ports/store.js'
import { redact } from './redact.js'
import { STAGES, timelineOf } from './timeline.js'

/** What operators are shown of calls and devices. Times: microseconds since the Unix epoch. */

const ending = z.object({
  cause: z.string(),
  by: z.string(),
  status: z.number(),
  reason: z.string().optional(),
  detail: z.string().optional(),
})

export const callView = z.object({
  id: z.string(),
  startedAt: z.number(),
  answeredAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  trunk: z.string().nullable(),
  client: z.string().nullable(),
  from: z.string(),
  to: z.string(),
  user: z.string().nullable(),
  ending: ending.nullable(),
})
export type CallView = z.output<typeof callView>

export const callDetailView = z.object({
  call: callView,
  timeline: z.object({
    startedAt: z.number().nullable(),
    /** Microseconds since the INVITE. */
    stages: z.partialRecord(z.enum(STAGES), z.number()),
    ending: ending.nullable(),
  }),
  events: z.array(
    z.object({
      seq: z.number(),
      at: z.number(),
      type: z.string(),
      data: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
})
export type CallDetailView = z.output<typeof callDetailView>

export const deviceView = z.object({
  id: z.string(),
  user: z.string(),
  instance: z.string().nullable(),
  /** `token`: its last characters, to know it by. */
  push: z.object({ provider: z.string(), token: z.string(), param: z.string().nullable() }).nullable(),
  delivery: z.enum(['invite', 'call-in']),
  /** Where it registered last. */
  region: z.string().nullable(),
  createdAt: z.number(),
  seenAt: z.number(),
  retired: z.object({ at: z.number(), reason: z.string() }).nullable(),
})
export type DeviceView = z.output<typeof deviceView>

export function viewCall(call: CallRecord): CallView {
  return { ...call }
}

export function viewCallDetail(call: CallRecord, events: readonly CallEventRecord[]): CallDetailView {
  const { startedAt, stages, ending: told } = timelineOf(events)
  return {
    call: viewCall(call),
    // The ending of a call that the server did not survive stands in its row only.
    timeline: { startedAt, stages, ending: told ?? call.ending },
    events: events.map(({ seq, at, type, data }) => ({
      seq,
      at,
      type,
      data: redact(data) as Record<string, unknown> | null,
    })),
  }
}

export function viewDevice(device: Device): DeviceView {
  const { id, user, instance, push, createdAt, seenAt, retired } = device
  return {
    id,
    user,
    instance,
    push: push && { provider: push.provider, token: tailOf(push.token), param: push.param ?? null },
    delivery: device.callsIn === true ? 'call-in' : 'invite',
    region: device.region ?? null,
    createdAt,
    seenAt,
    retired: retired && { ...retired },
  }
}

/** Who knows a whole token can push to the device: enough of it is shown to tell it from others, no more. */
function tailOf(token: string): string {
  return `…${token.slice(token.length < 16 ? token.length : -6)}`
}
