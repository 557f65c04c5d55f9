import { z } from 'zod'
import {
  type Grants,
  LONGEST_IN_GRANT,
  MOST_CALLS,
  MOST_IN_GRANT,
  readGrants,
} from '../../clients/tokens/grants.js'
import type { Issued, Issuer, NotIssued } from '../../clients/tokens/issuer.js'
import type { Revocations } from '../../clients/tokens/revocations.js'
import { instant, iso } from '../instant.js'
import { operation } from '../operation.js'
import { Problem } from '../problem.js'
import type { Route } from '../route.js'

export interface AdminTokensDeps {
  readonly issuer: Issuer
  readonly revocations: Pick<Revocations, 'revokeToken' | 'revokeClient'>
  /** Of a token that is ordered without a time, milliseconds. */
  readonly lifetimeMs: () => number
}

const LONGEST_LIFE = 365 * 86_400

const id = z.string().min(1).max(256)
const text = z.string().min(1).max(LONGEST_IN_GRANT)
const texts = z.array(text).max(MOST_IN_GRANT)
const flag = z.boolean().optional()

const grantsSchema = z
  .strictObject({
    register: flag.describe('Register devices over SIP.'),
    devices: flag.describe('Write and remove devices.'),
    channel: flag.describe('Open a channel.'),
    invitations: flag,
    'primary-calls': flag,
    incoming: z
      .union([z.boolean(), z.strictObject({ as: id })])
      .optional()
      .describe('Be called by name; `as`: that name, which is the token’s `user`.'),
    outgoing: z
      .strictObject({
        to: texts.describe('`+1555*`, `*`, `user:bob`, `user:*`, `group:sales`, `client:kiosk-7`.'),
        trunk: text.optional().describe('The one trunk for numbers.'),
        callerIds: texts.optional().describe('Numbers that may be shown.'),
        calls: z.int().min(1).max(MOST_CALLS).optional().describe('The most calls at once.'),
      })
      .optional()
      .describe('Make calls.'),
    presence: z
      .strictObject({ set: flag, read: texts.optional().describe('Names, or `*` for anybody’s.') })
      .optional(),
  })
  .describe('What the token lets its app do.')

const order = z
  .strictObject({
    client: id.describe('Name of the app, or of the install.'),
    user: id.optional().describe('Whom it acts for; the name of the client without it.'),
    device: id.optional().describe('The one device that it is for; any of the user’s without it.'),
    grants: grantsSchema,
    expiresIn: z.int().min(1).max(LONGEST_LIFE).optional().describe('Seconds; as configured without it.'),
  })
  .meta({ id: 'TokenOrder' })

const issuedSchema = z
  .object({
    token: z.string(),
    id: z.string().describe('By which it can be revoked.'),
    client: z.string(),
    user: z.string(),
    device: z.string().optional(),
    grants: grantsSchema,
    expiresAt: instant,
  })
  .meta({ id: 'ClientToken' })

/** Making client tokens, and taking them back. */
export function adminTokens(deps: AdminTokensDeps): readonly Route[] {
  return [
    { url: '/v1/tokens', methods: { POST: issuing(deps) } },
    { url: '/v1/tokens/:id', methods: { DELETE: revokingOne(deps) } },
    { url: '/v1/clients/:client/tokens', methods: { DELETE: revokingAll(deps) } },
  ]
}

function issuing({ issuer, lifetimeMs }: AdminTokensDeps) {
  return operation({
    id: 'adminCreateToken',
    tag: 'admin',
    summary: 'Makes a client token',
    description:
      'It is not kept: whoever has it is the app until it expires or is revoked. A `user` that is not configured needs ' +
      'the grant `incoming`: a client of its own.',
    security: 'admin',
    body: order,
    responses: { 201: { description: 'Made.', json: issuedSchema } },
    problems: ['user-not-found'],
    async handle({ body: { client, user = client, device, grants: asked, expiresIn } }) {
      const grants = grantsOf(asked, user)
      const lifeMs = expiresIn === undefined ? lifetimeMs() : expiresIn * 1000
      const whose = { client, user, ...(device === undefined ? {} : { deviceId: device }) }
      const issued = await issuer.issue({ ...whose, grants, lifetimeMs: lifeMs })
      if (issued.kind === 'refused') throw problemOf(issued)
      return {
        status: 201,
        body: { ...shown(issued), client, user, ...(device && { device }), grants: asked },
      }
    },
  })
}

function revokingOne({ revocations }: AdminTokensDeps) {
  return operation({
    id: 'adminRevokeToken',
    tag: 'admin',
    summary: 'Revokes a client token by its id (`jti`)',
    description:
      'It is refused from now on, on every node; its channel is closed, and what it has registered ends by itself. ' +
      'The id need not be known here: any JWT library makes tokens.',
    security: 'admin',
    params: z.object({ id }),
    responses: { 204: { description: 'Revoked, now or before.', empty: true } },
    problems: ['unavailable'],
    async handle({ params }) {
      await revocations.revokeToken(params.id)
      return { status: 204 }
    },
  })
}

function revokingAll({ revocations }: AdminTokensDeps) {
  return operation({
    id: 'adminRevokeTokens',
    tag: 'admin',
    summary: 'Revokes every token of a client that was issued until now',
    description: 'By the `iat` of the tokens; one without it is revoked, whenever it was made.',
    security: 'admin',
    params: z.object({ client: id }),
    responses: { 204: { description: 'Revoked.', empty: true } },
    problems: ['unavailable'],
    async handle({ params }) {
      await revocations.revokeClient(params.client)
      return { status: 204 }
    },
  })
}

/** As a token has them. */
function grantsOf(asked: z.output<typeof grantsSchema>, user: string): Grants {
  const grants = readGrants(asked, user)
  if (grants !== undefined) return grants
  // All else has passed the schema.
  throw wrong('#/grants/incoming/as', `a client is called by the name of its user, which is ${user}`)
}

function shown({
  token,
  id,
  expiresAt,
}: Issued): Pick<z.input<typeof issuedSchema>, 'token' | 'id' | 'expiresAt'> {
  return { token, id, expiresAt: iso(expiresAt) }
}

function problemOf({ field, detail }: NotIssued): Problem {
  switch (field) {
    case 'user':
      return new Problem('user-not-found', `${detail}; a client of its own needs the grant incoming`)
    case 'name':
      return wrong('#/user', detail)
    case 'to':
    case 'trunk':
      return wrong(`#/grants/outgoing/${field}`, detail)
    case 'grants':
      return wrong('#/grants', detail)
    default:
      return field satisfies never
  }
}

function wrong(pointer: string, detail: string): Problem {
  return new Problem('bad-request', `${pointer}: ${detail}`, { members: { errors: [{ pointer, detail }] } })
}
