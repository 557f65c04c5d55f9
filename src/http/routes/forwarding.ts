import { z } from 'zod'
import { addressOf } from '../../clients/channel/identity.js'
import type { ForwardingControl, ForwardingRefusal, ForwardingView } from '../../ports/forwarding-control.js'
import type { DeviceStore } from '../../ports/store.js'
import { instant, iso } from '../instant.js'
import { operation } from '../operation.js'
import { Problem } from '../problem.js'
import type { ProblemType } from '../problem-types.js'
import type { Route } from '../route.js'
import type { ClientClaims } from '../tokens.js'

const params = z.object({
  number: z
    .string()
    .regex(/^\+[1-9][0-9]{6,14}$/, 'no number in full, such as +12025550142')
    .describe('E.164, with its `+` (in a URL also `%2B`).'),
})

const codes = z
  .object({
    set: z.string().optional().describe('Points the forwarding at the DID, and switches it on.'),
    activate: z.string().optional().describe('The same, where the network wants it written in another way.'),
    deactivate: z.string().optional().describe('Switches it off; the network keeps the number.'),
    erase: z.string().optional().describe('Switches it off and forgets the number.'),
    query: z.string().optional().describe('Shows how it is set.'),
  })
  .describe('What the phone dials.')

const forwarding = z
  .object({
    subscriber: z.string(),
    did: z.string().describe('Where the forwarding is to point.'),
    state: z
      .enum(['unknown', 'reported', 'confirmed', 'failed'] satisfies ForwardingView['state'][])
      .describe('`reported`: the app says that the network took the codes. `confirmed`: a call has come.'),
    since: instant.nullable().describe('Null where nothing was ever heard.'),
    detail: z.string().nullable(),
    codes: z
      .object({
        busy: codes.optional(),
        noReply: codes.optional(),
        notReachable: codes.optional(),
        conditional: codes.optional().describe('All three at once.'),
      })
      .describe('By what makes the network forward. A rejected call is busy.'),
    test: z.string().nullable().describe('Id of the test call that is under way.'),
    testable: z.boolean().describe('Whether test calls can be placed.'),
  })
  .meta({ id: 'Forwarding', description: 'The conditional forwarding of a cell phone.' })

const device = z
  .string()
  .min(1)
  .max(256)
  .optional()
  .describe('Where the token is for no device: the device that is told to reject the test call.')

const PROBLEMS = ['subscriber-not-found', 'token-foreign', 'unavailable'] as const

/** The conditional forwarding of subscribers. */
export function forwardingRoutes(
  control: Pick<ForwardingControl, 'forwarding' | 'dialled' | 'test'>,
  store: Pick<DeviceStore, 'device'>,
): readonly Route[] {
  const get = operation({
    id: 'getForwarding',
    tag: 'forwarding',
    summary: 'The codes that the phone dials, and whether the forwarding is known to work',
    security: 'client-token',
    grant: 'primary-calls',
    params,
    responses: { 200: { description: 'The forwarding.', json: forwarding } },
    problems: PROBLEMS,
    async handle({ params: { number }, identity: { claims } }) {
      const view = await control.forwarding({ user: claims.user, deviceId: null }, number)
      return { status: 200, body: forwardingJson(view) }
    },
  })
  const put = operation({
    id: 'reportForwarding',
    tag: 'forwarding',
    summary: 'Reports what came of dialling the codes',
    security: 'client-token',
    grant: 'primary-calls',
    params,
    body: z.strictObject({
      result: z
        .enum(['accepted', 'refused', 'erased'])
        .describe('`accepted`, `refused`: by the network. `erased`: the forwarding was switched off.'),
      detail: z.string().max(256).optional().describe('What the network showed.'),
    }),
    responses: { 200: { description: 'The forwarding as it is known now.', json: forwarding } },
    problems: PROBLEMS,
    async handle({ params: { number }, identity: { claims }, body: { result, detail = null } }) {
      const view = await control.dialled({ user: claims.user, deviceId: null }, number, { result, detail })
      return { status: 200, body: forwardingJson(view) }
    },
  })
  const test = operation({
    id: 'testForwarding',
    tag: 'forwarding',
    summary: 'Calls the cell phone, to see whether the call comes to the DID once it is rejected',
    description:
      'The phone is told to reject, as with a primary call; the instruction says `test`. The state is `confirmed` ' +
      'or `failed` within 45 seconds. Where a test is under way, no other one begins.',
    security: 'client-token',
    grant: 'primary-calls',
    params,
    body: z.strictObject({ device }).optional(),
    responses: { 202: { description: 'The call is being placed.', json: forwarding } },
    problems: [...PROBLEMS, 'forwarding-not-testable'],
    async handle({ params: { number }, identity: { claims }, body }) {
      const who = await askingOf(claims, body?.device, store)
      return { status: 202, body: forwardingJson(await control.test(who, number)) }
    },
  })
  return [
    { url: '/v1/subscribers/:number/forwarding', methods: { GET: get, PUT: put } },
    { url: '/v1/subscribers/:number/forwarding/test', methods: { POST: test } },
  ]
}

/**
 * The user and device that a client token speaks for.
 *
 * @throws Problem where the device is not the token's
 */
export async function askingOf(
  claims: ClientClaims,
  named: string | undefined,
  store: Pick<DeviceStore, 'device'>,
): Promise<{ readonly user: string; readonly deviceId: string | null }> {
  const address = await addressOf(claims, named, store)
  if (address === null) throw new Problem('token-foreign', 'The device is not the token’s.')
  return { user: claims.user, deviceId: address.device }
}

const REFUSALS = {
  'no-subscriber': 'subscriber-not-found',
  foreign: 'token-foreign',
  'not-registered': 'forwarding-not-registered',
  'no-such-call': 'primary-call-not-found',
  'no-test': 'forwarding-not-testable',
  unavailable: 'unavailable',
} as const satisfies Record<ForwardingRefusal['refused'], ProblemType>

export function problemOfRefusal({ refused, detail }: ForwardingRefusal): Problem {
  const headers = refused === 'unavailable' ? { 'retry-after': '1' } : undefined
  return new Problem(REFUSALS[refused], detail, headers === undefined ? {} : { headers })
}

function forwardingJson(view: ForwardingView | ForwardingRefusal): z.input<typeof forwarding> {
  if ('refused' in view) throw problemOfRefusal(view)
  const { subscriber, did, state, since, detail, test, testable } = view
  return {
    ...{ subscriber, did, state, detail, codes: view.codes, test, testable },
    since: since === 0 ? null : iso(since),
  }
}
