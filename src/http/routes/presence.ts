import { z } from 'zod'
import { presence as presenceFields } from '../../clients/channel/client-message.js'
import { mayRead } from '../../clients/channel/presence-flow.js'
import { presenceJson } from '../../clients/channel/views.js'
import { PRESENCE_STATES, type Presence, type PresenceControl } from '../../ports/presence.js'
import { bearerChallenge } from '../bearer.js'
import { instant } from '../instant.js'
import { operation } from '../operation.js'
import { Problem } from '../problem.js'
import type { Route } from '../route.js'

/** How long a state lasts where the client does not say, in seconds. */
const DEFAULT_EXPIRES = 3600

const params = z.object({ user: z.string().min(1).max(256).describe('Name of a user or a client.') })

const body = z
  .strictObject({
    state: presenceFields.state,
    note: presenceFields.note.describe('For those who read.'),
    expires: presenceFields.expires
      .default(DEFAULT_EXPIRES)
      .describe('Seconds; what is derived holds again then.'),
  })
  .meta({ id: 'SetPresence' })

const presenceSchema = z
  .object({
    user: z.string(),
    state: z
      .enum(PRESENCE_STATES)
      .describe('As it was set; else `available` where a call could reach the user, or `offline`.'),
    set: z.boolean().describe('The user has set the state; else it is derived.'),
    note: z.string().optional(),
    since: instant.optional().describe('Since when the state is this one, where that is known.'),
    version: z.int().describe('Of two presences of a user, the one with the higher version is the newer.'),
    registered: z.boolean().describe('A phone of the user is registered.'),
    wakeable: z.boolean().describe('A device of the user can be woken by push.'),
    inCall: z.boolean(),
  })
  .meta({ id: 'Presence' })

/** How users say that they are, and who may read it. */
export function presenceRoutes(presence: Pick<PresenceControl, 'read' | 'set'>): readonly Route[] {
  const get = operation({
    id: 'getPresence',
    tag: 'presence',
    summary: 'How it stands with a user',
    description:
      'The grant names whom the client may read; its own user always. Whether there is such a user is not told.',
    security: 'client-token',
    grant: 'presence',
    params,
    responses: { 200: { description: 'The presence.', json: presenceSchema } },
    problems: ['grant-missing', 'unavailable'],
    async handle({ params: { user }, identity: { claims } }) {
      if (!mayRead(claims.grants.presence, claims.user, user)) {
        throw grantMissing(`The token does not grant to read the presence of ${user}.`)
      }
      return { status: 200, body: presenceBody(await presence.read(user)) }
    },
  })

  const put = operation({
    id: 'setPresence',
    tag: 'presence',
    summary: 'Says how the user of the token is',
    description: 'Takes the place of what was set before, by whichever client and on whichever way.',
    security: 'client-token',
    grant: 'presence',
    body,
    responses: { 200: { description: 'It is set; what it came to.', json: presenceSchema } },
    problems: ['grant-missing', 'unavailable'],
    async handle({ body: { state, note = null, expires }, identity: { claims } }) {
      if (claims.grants.presence?.set !== true) throw grantMissing('The token does not grant presence.set.')
      await presence.set(claims.user, { state, note, expiresIn: expires * 1000 })
      return { status: 200, body: presenceBody(await presence.read(claims.user)) }
    },
  })

  return [
    { url: '/v1/presence/:user', methods: { GET: get } },
    { url: '/v1/presence', methods: { PUT: put } },
  ]
}

function grantMissing(detail: string): Problem {
  return new Problem('grant-missing', detail, {
    headers: bearerChallenge('insufficient_scope', 'presence'),
    members: { grant: 'presence' },
  })
}

function presenceBody(presence: Presence): z.input<typeof presenceSchema> {
  return presenceJson(presence)
}
