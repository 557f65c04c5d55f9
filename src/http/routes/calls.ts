import { z } from 'zod'
import type { CallControl, Decline } from '../../ports/call-control.js'
import type { Clock } from '../../ports/clock.js'
import { CALL_PROBLEMS, callJson, callSchema } from '../call-json.js'
import { operation } from '../operation.js'
import { Problem } from '../problem.js'
import type { Route } from '../route.js'
import { refusalOf } from '../security.js'
import type { CallClaims } from '../tokens.js'

export interface CallRoutesOptions {
  readonly calls: CallControl
  readonly clock: Pick<Clock, 'now'>
}

/** For how long after the hold a device may ask how a call ended, in milliseconds. */
const LATE_MS = 5 * 60_000
/**
 * The token of a call that lives on goes on to show it and to hang it up, for at most so long, in milliseconds: a
 * device without SIP has nothing else.
 */
const LIVING_MS = 7 * 24 * 3_600_000

const params = z.object({ id: z.string().min(1).max(256).describe('`callId` of the push.') })
/** Goes into SIP headers: no line of it may become a header of its own. */
const line = z
  .string()
  .max(256)
  .regex(/^\P{Cc}+$/u, 'control characters, or nothing')

const acceptBody = z
  .strictObject({
    sdp: z
      .string()
      .min(1)
      .max(32_768)
      .optional()
      .describe(
        'The answer to the offer that the push carried; media flows with no SIP on the device’s side.',
      ),
  })
  .meta({ id: 'Accept' })

const declineBody = z
  .discriminatedUnion('reason', [
    z.strictObject({ reason: z.enum(['busy', 'reject']) }),
    z.strictObject({
      reason: z.literal('message'),
      message: line.describe('For the caller; kept with the call.'),
    }),
    z.strictObject({
      reason: z.literal('redirect'),
      to: z.union([
        z.strictObject({ user: line }),
        z.strictObject({ number: z.string().regex(/^\+?[\d*#]{1,32}$/, 'not a number that can be dialled') }),
      ]),
    }),
  ])
  .meta({ id: 'Decline' })

/** What a device does to a call that it was told of, with the token that the push brought. */
export function callRoutes({ calls, clock }: CallRoutesOptions): readonly Route[] {
  /** @throws Problem for a call that is over, and was so long ago that its token opens nothing any more */
  function refuseStale({ expiresAt }: CallClaims, over: boolean): void {
    if (over && clock.now() > expiresAt + LATE_MS * 1000) throw refusalOf('expired')
  }

  const get = operation({
    id: 'getCall',
    tag: 'calls',
    summary: 'How a call stands, and how it ended',
    description: 'The token is taken while the call lives, and until five minutes after its expiry.',
    security: 'call-token',
    leewayMs: LIVING_MS,
    params,
    responses: { 200: { description: 'The call.', json: callSchema } },
    problems: CALL_PROBLEMS,
    async handle({ params: { id }, identity: { claims } }) {
      own(claims, id)
      const result = await calls.view(id, claims.deviceId)
      refuseStale(claims, result.kind === 'refused' ? result.why !== 'unavailable' : result.state === 'ended')
      return { status: 200, body: callJson(result) }
    },
  })

  const accept = operation({
    id: 'acceptCall',
    tag: 'calls',
    summary: 'The user’s yes, ahead of any SIP',
    description:
      'The caller is told at once, and the other devices stop ringing. Then the device registers and answers our ' +
      'INVITE, or sends one of its own, or has sent its SDP answer with this very request. The same request again ' +
      'gets the same answer.',
    security: 'call-token',
    params,
    body: acceptBody.optional(),
    responses: { 200: { description: 'The call is this device’s.', json: callSchema } },
    problems: [...CALL_PROBLEMS, 'call-not-acceptable'],
    async handle({ params: { id }, body: { sdp } = {}, identity: { claims } }) {
      own(claims, id)
      const result = await calls.accept(id, claims.deviceId, sdp === undefined ? {} : { sdp })
      return { status: 200, body: callJson(result) }
    },
  })

  const decline = operation({
    id: 'declineCall',
    tag: 'calls',
    summary: 'The user’s no',
    security: 'call-token',
    params,
    body: declineBody,
    responses: { 200: { description: 'Done.', json: callSchema } },
    problems: [...CALL_PROBLEMS, 'redirect-not-allowed'],
    async handle({ params: { id }, body, identity: { claims } }) {
      own(claims, id)
      return { status: 200, body: callJson(await calls.decline(id, claims.deviceId, declineOf(body))) }
    },
  })

  const hangUp = operation({
    id: 'hangUpCall',
    tag: 'calls',
    summary: 'Ends a call that this device accepted',
    description: 'The token is taken for as long as the call lives.',
    security: 'call-token',
    leewayMs: LIVING_MS,
    params,
    responses: { 200: { description: 'Done.', json: callSchema } },
    problems: CALL_PROBLEMS,
    async handle({ params: { id }, identity: { claims } }) {
      own(claims, id)
      const result = await calls.hangUp(id, claims.deviceId)
      refuseStale(claims, result.kind === 'refused' && result.why !== 'unavailable')
      return { status: 200, body: callJson(result) }
    },
  })

  return [
    { url: '/v1/calls/:id', methods: { GET: get } },
    { url: '/v1/calls/:id/accept', methods: { POST: accept } },
    { url: '/v1/calls/:id/decline', methods: { POST: decline } },
    { url: '/v1/calls/:id/hangup', methods: { POST: hangUp } },
  ]
}

function own({ callId }: CallClaims, id: string): void {
  if (callId !== id) throw new Problem('token-foreign', 'The token is of another call.')
}

function declineOf(body: z.output<typeof declineBody>): Decline {
  if (body.reason !== 'redirect') return body
  const { to } = body
  return {
    reason: 'redirect',
    to: 'user' in to ? { kind: 'user', user: to.user } : { kind: 'number', number: to.number },
  }
}
