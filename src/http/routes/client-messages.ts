import { z } from 'zod'
import { GRANTS_OF_A_DEVICE } from '../../clients/channel/identity.js'
import type { ClientHub } from '../../clients/hub/client-hub.js'
import { bearerChallenge } from '../bearer.js'
import { operation } from '../operation.js'
import { Problem } from '../problem.js'
import type { Route } from '../route.js'

/** The longest that a client may wait for a message, in seconds: what stands between may give up after 30. */
const LONGEST_WAIT = 25

const count = (most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'not a number')
    .transform(Number)
    .pipe(z.int().min(0).max(most))

const query = z.strictObject({
  after: count(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe(
      'Number of the last message that the client has: it is not kept any longer, nor are those before it.',
    ),
  wait: count(LONGEST_WAIT).default(0).describe('Seconds to wait for a message where there is none.'),
  device: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe(
      'Where the token is for no device: the device that the client is on. Needs the grant `channel` or `incoming`.',
    ),
})

const polled = z
  .object({
    messages: z
      .array(z.looseObject({ seq: z.int(), type: z.string() }))
      .describe('In the order of their numbers; those of the channel.'),
    lost: z.int().describe('Messages that were dropped for want of room since the client was last told so.'),
  })
  .meta({ id: 'Messages' })

/** What a client without a channel is told. */
export function clientMessages(hub: Pick<ClientHub, 'poll'>): Route {
  const get = operation({
    id: 'getMessages',
    tag: 'channel',
    summary: 'Messages for a client without a channel (long poll)',
    description:
      'Of two polls of one client the later one ends the other. The numbers are those of the channel.',
    security: 'client-token',
    grant: ['channel', 'incoming', 'outgoing', 'presence'],
    query,
    responses: { 200: { description: 'The messages; none where none came in time.', json: polled } },
    problems: ['token-foreign', 'unavailable'],
    async handle({ identity: { claims }, query: { after, wait, device }, signal }) {
      const found = await hub.poll(claims, { after, device, waitMs: wait * 1000 }, signal)
      if (found === 'token-foreign') throw new Problem(found, 'The device is not the token’s.')
      if (found === 'grant-missing') throw notOfADevice()
      const { messages, lost } = found
      return {
        status: 200,
        headers: { 'cache-control': 'no-store' },
        body: { messages: messages.map(({ seq, body }) => ({ seq, ...contentOf(body) })), lost },
      }
    },
  })
  return { url: '/v1/client/messages', methods: { GET: get } }
}

function notOfADevice(): Problem {
  const [grant] = GRANTS_OF_A_DEVICE
  return new Problem(
    'grant-missing',
    `For a device the token must grant ${GRANTS_OF_A_DEVICE.join(' or ')}.`,
    {
      headers: bearerChallenge('insufficient_scope', grant),
      members: { grant },
    },
  )
}

/** A message as it was made: an object with a type. */
function contentOf(body: string): { readonly type: string } {
  return JSON.parse(body) as { readonly type: string }
}
