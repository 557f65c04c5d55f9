import { z } from 'zod'
import type { ForwardingControl, ForwardingRefusal } from '../../ports/forwarding-control.js'
import type { PrimaryCallRecord, PrimaryWord } from '../../ports/primary-calls.js'
import type { DeviceStore } from '../../ports/store.js'
import { instant, iso } from '../instant.js'
import { operation } from '../operation.js'
import type { Route } from '../route.js'
import { askingOf, problemOfRefusal } from './forwarding.js'

/** The longest that a phone may wait for its instruction, in seconds: what stands between may give up after 30. */
const LONGEST_WAIT = 25

const params = z.object({ id: z.string().regex(/^[\w.~-]{1,64}$/, 'no id of a primary call') })

const report = z
  .strictObject({
    subscriber: z
      .string()
      .regex(/^\+[1-9][0-9]{6,14}$/, 'no number in full, such as +12025550142')
      .describe('Number of the cell phone, E.164.'),
    caller: z
      .string()
      .regex(/^\+?[0-9*#().\s/-]{1,40}$/, 'no number')
      .nullable()
      .describe('As the phone shows it, in whatever form; null where it is withheld.'),
    callerName: z
      .string()
      .min(1)
      .max(128)
      .regex(/^\P{Cc}+$/u, 'control characters')
      .optional()
      .describe('As the phone shows it; the secondary destinations see it with the number.'),
    ringingSince: instant.describe('When the phone began to ring.'),
    device: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('Where the token is for no device: the device that is instructed.'),
  })
  .meta({ id: 'PrimaryCallReport' })

const WORDS = ['acknowledged', 'rejected', 'answered', 'ended', 'failed'] as const satisfies PrimaryWord[]

const primaryCall = z
  .object({
    id: z.string(),
    subscriber: z.string(),
    caller: z.string().nullable(),
    state: z
      .enum(['ringing', 'instructed', 'forwarded', 'ended'])
      .describe('`instructed`: the phone is to reject. `forwarded`: the call has come to the DID.'),
    test: z.boolean().describe('A call of ours, to find out whether the forwarding works.'),
    instruction: z
      .object({ do: z.literal('reject'), at: instant })
      .nullable()
      .describe('Given once, also where it comes in several ways.'),
    acknowledgedAt: instant.nullable(),
    phone: z.enum(['rejected', 'answered', 'ended', 'failed']).nullable().describe('The phone’s last word.'),
    endedAt: instant.nullable(),
    cause: z.string().nullable().describe('Why the call ended, as in the endings of calls.'),
  })
  .meta({ id: 'PrimaryCall', description: 'A cell call that rings at the phone of a subscriber.' })

/** Cell calls that ring at the phones of subscribers. */
export function primaryCallRoutes(
  control: Pick<ForwardingControl, 'report' | 'view' | 'word'>,
  store: Pick<DeviceStore, 'device'>,
): readonly Route[] {
  const post = operation({
    id: 'reportPrimaryCall',
    tag: 'forwarding',
    summary: 'Reports that the cell phone rings: its secondary destinations are called',
    description:
      'When they are ready, the phone is told to reject: by a `primary-instruction` on the channel and by push, and by ' +
      'the answer to a long poll of the call. The same report once more is the same call.',
    security: 'client-token',
    grant: 'primary-calls',
    body: report,
    responses: { 201: { description: 'The secondary destinations are being called.', json: primaryCall } },
    problems: ['subscriber-not-found', 'token-foreign', 'forwarding-not-registered', 'unavailable'],
    async handle({
      identity: { claims },
      body: { device, ringingSince, caller, callerName = null, subscriber },
    }) {
      const who = await askingOf(claims, device, store)
      const since = Date.parse(ringingSince) * 1000
      const call = primaryCallJson(
        await control.report(who, { subscriber, caller, callerName, ringingSince: since }),
      )
      return { status: 201, headers: { location: `/v1/primary-calls/${call.id}` }, body: call }
    },
  })
  return [{ url: '/v1/primary-calls', methods: { POST: post } }, one(control), events(control)]
}

function one(control: Pick<ForwardingControl, 'view'>): Route {
  const get = operation({
    id: 'getPrimaryCall',
    tag: 'forwarding',
    summary: 'A primary call; with `wait`, its instruction or end is waited for (long poll)',
    security: 'client-token',
    grant: 'primary-calls',
    params,
    query: z.strictObject({
      wait: z
        .string()
        .regex(/^\d{1,2}$/, 'not a number')
        .transform(Number)
        .pipe(z.int().max(LONGEST_WAIT))
        .default(0)
        .describe('Seconds to wait for an instruction where there is none.'),
    }),
    responses: { 200: { description: 'The call.', json: primaryCall } },
    problems: ['primary-call-not-found', 'token-foreign', 'unavailable'],
    async handle({ params: { id }, query: { wait }, identity: { claims }, signal }) {
      const who = { user: claims.user, deviceId: claims.deviceId ?? null }
      const call = await control.view(who, id, wait * 1000, signal)
      return { status: 200, headers: { 'cache-control': 'no-store' }, body: primaryCallJson(call) }
    },
  })
  return { url: '/v1/primary-calls/:id', methods: { GET: get } }
}

function events(control: Pick<ForwardingControl, 'word'>): Route {
  const post = operation({
    id: 'tellPrimaryCall',
    tag: 'forwarding',
    summary: 'Tells what becomes of the call on the phone',
    description:
      '`acknowledged`: the instruction is there. `rejected`: by the app, or by the user. `answered`: on the phone, so ' +
      'that the secondary destinations stop. `ended`: it rings no more. `failed`: it cannot be rejected. What comes when ' +
      'the call is over changes nothing.',
    security: 'client-token',
    grant: 'primary-calls',
    params,
    body: z.strictObject({ event: z.enum(WORDS) }),
    responses: { 200: { description: 'The call as it is now.', json: primaryCall } },
    problems: ['primary-call-not-found', 'token-foreign', 'unavailable'],
    async handle({ params: { id }, body: { event }, identity: { claims } }) {
      const who = { user: claims.user, deviceId: claims.deviceId ?? null }
      return { status: 200, body: primaryCallJson(await control.word(who, id, event)) }
    },
  })
  return { url: '/v1/primary-calls/:id/events', methods: { POST: post } }
}

function primaryCallJson(record: PrimaryCallRecord | ForwardingRefusal): z.input<typeof primaryCall> {
  if ('refused' in record) throw problemOfRefusal(record)
  const { id, subscriber, caller, test, instructedAt, acknowledgedAt, phone, endedAt, cause } = record
  return {
    ...{ id, subscriber, caller, test, phone, cause, state: stateOf(record) },
    instruction: instructedAt === null ? null : { do: 'reject', at: iso(instructedAt) },
    acknowledgedAt: acknowledgedAt === null ? null : iso(acknowledgedAt),
    endedAt: endedAt === null ? null : iso(endedAt),
  }
}

function stateOf({
  instructedAt,
  forwardedAt,
  endedAt,
}: PrimaryCallRecord): z.input<typeof primaryCall>['state'] {
  if (endedAt !== null) return 'ended'
  if (forwardedAt !== null) return 'forwarded'
  return instructedAt === null ? 'ringing' : 'instructed'
}
