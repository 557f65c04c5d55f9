import { z } from 'zod'
import { DEFAULT_EXPIRES } from '../../clients/channel/requests.js'
import { connectionData } from '../../clients/channel/connection-data.js'
import { INVITATION_PROBLEMS } from '../../clients/channel/problems.js'
import { initiatorAddress } from '../../clients/channel/identity.js'
import { invitationJson } from '../../clients/channel/views.js'
import type {
  DeviceView,
  InitiatorView,
  InvitationControl,
  InvitationRefusal,
} from '../../ports/invitation-control.js'
import type { DeviceStore } from '../../ports/store.js'
import { operation } from '../operation.js'
import { Problem } from '../problem.js'
import type { Route } from '../route.js'
import type { InvitationClaims } from '../tokens.js'
import { initiatedSchema, invitedSchema } from './invitation-schemas.js'

const params = z.object({ id: z.string().regex(/^[\w.~-]{1,64}$/, 'no id of an invitation') })
const name = z.string().min(1).max(256)

const draft = z
  .strictObject({
    endpoints: z
      .array(z.strictObject({ user: name }))
      .min(1)
      .max(10)
      .describe('Every device of each of them is invited, but for the one that invites.'),
    connection: connectionData,
    note: z.string().max(256).optional().describe('For the invited to read.'),
    expires: z.int().min(5).max(600).default(DEFAULT_EXPIRES).describe('Seconds from now.'),
    device: name
      .optional()
      .describe('Where the token is for no device: the device whose channel or poll is told of the answers.'),
  })
  .meta({ id: 'InvitationDraft' })

/** Invitations to connect peer to peer. */
export function invitationRoutes(
  invitations: InvitationControl,
  store: Pick<DeviceStore, 'device'>,
): readonly Route[] {
  return [create(invitations, store), one(invitations), ...answers(invitations), ...choices(invitations)]
}

function create(invitations: InvitationControl, store: Pick<DeviceStore, 'device'>): Route {
  const post = operation({
    id: 'invite',
    tag: 'invitations',
    summary: 'Invites every device of some users to connect peer to peer',
    description: 'The answers come as messages, on the channel or by long poll. No media passes the server.',
    security: 'client-token',
    grant: 'invitations',
    body: draft,
    responses: { 201: { description: 'The devices are being told.', json: initiatedSchema } },
    problems: ['token-foreign', 'too-large', 'too-many-requests', 'unavailable'],
    async handle({ identity: { claims }, body }) {
      const address = await initiatorAddress(claims, body.device, store)
      if (address === null) throw new Problem('token-foreign', 'The device is not the token’s.')
      const { endpoints, connection, note = null, expires } = body
      const made = await invitations.create(
        { ...address, user: claims.user },
        { endpoints: endpoints.map(({ user }) => user), connection, note, expiresIn: expires },
      )
      const view = done(made)
      return {
        status: 201,
        headers: { location: `/v1/invitations/${view.id}` },
        body: invitationJson(view),
      }
    },
  })
  return { url: '/v1/invitations', methods: { POST: post } }
}

function one(invitations: InvitationControl): Route {
  const get = operation({
    id: 'getInvitation',
    tag: 'invitations',
    summary: 'An invitation, as its initiator or an invited device may see it',
    security: ['client-token', 'invitation-token'],
    grant: 'invitations',
    params,
    responses: {
      200: { description: 'The invitation.', json: z.union([initiatedSchema, invitedSchema]) },
    },
    problems: ['invitation-not-found', 'token-foreign', 'unavailable'],
    async handle({ params: { id }, identity }) {
      const view =
        identity.scheme === 'client-token'
          ? await invitations.view(id, identity.claims.client)
          : await invitations.viewAsDevice(id, deviceFor(identity.claims, id))
      return { status: 200, body: invitationJson(done<InitiatorView | DeviceView>(view)) }
    },
  })
  return { url: '/v1/invitations/:id', methods: { GET: get } }
}

/** What an invited device may do. */
function answers(invitations: InvitationControl): readonly Route[] {
  const accept = operation({
    id: 'acceptInvitation',
    tag: 'invitations',
    summary: 'Accepts, with the connection data of this device',
    description:
      'The initiator is told, and decides. The same request again gets the same answer until the invitation is over.',
    security: 'invitation-token',
    params,
    body: z.strictObject({ connection: connectionData }),
    responses: { 200: { description: 'The initiator is told.', json: invitedSchema } },
    problems: [
      ...(['invitation-not-found', 'invitation-ended', 'invitation-conflict', 'token-foreign'] as const),
      ...(['too-large', 'unavailable'] as const),
    ],
    async handle({ params: { id }, identity: { claims }, body: { connection } }) {
      const view = done(await invitations.accept(id, deviceFor(claims, id), connection))
      return { status: 200, body: invitationJson(view) }
    },
  })
  const decline = operation({
    id: 'declineInvitation',
    tag: 'invitations',
    summary: 'Declines, or takes back an accept that the initiator has not connected to',
    security: 'invitation-token',
    params,
    body: z.strictObject({ reason: z.string().min(1).max(256).optional() }).optional(),
    responses: { 200: { description: 'The initiator is told.', json: invitedSchema } },
    problems: [
      ...(['invitation-not-found', 'invitation-ended', 'invitation-conflict', 'token-foreign'] as const),
      'unavailable',
    ],
    async handle({ params: { id }, identity: { claims }, body }) {
      const view = done(await invitations.decline(id, deviceFor(claims, id), body?.reason ?? null))
      return { status: 200, body: invitationJson(view) }
    },
  })
  return [
    { url: '/v1/invitations/:id/accept', methods: { POST: accept } },
    { url: '/v1/invitations/:id/decline', methods: { POST: decline } },
  ]
}

/** What the initiator may do. */
function choices(invitations: InvitationControl): readonly Route[] {
  const connect = operation({
    id: 'connectInvitation',
    tag: 'invitations',
    summary: 'Names the devices that the initiator connects to',
    description: 'They are told, and all the others that it is over. The invitation is over then.',
    security: 'client-token',
    grant: 'invitations',
    params,
    body: z.strictObject({
      devices: z.array(name).min(1).max(100).describe('Ids of devices that have accepted.'),
    }),
    responses: { 200: { description: 'The devices are being told.', json: initiatedSchema } },
    problems: [
      ...(['invitation-not-found', 'invitation-ended', 'invitation-conflict', 'token-foreign'] as const),
      'unavailable',
    ],
    async handle({ params: { id }, identity: { claims }, body: { devices } }) {
      const view = done(await invitations.connect(id, claims.client, devices))
      return { status: 200, body: invitationJson(view) }
    },
  })
  const cancel = operation({
    id: 'cancelInvitation',
    tag: 'invitations',
    summary: 'Takes the invitation back',
    security: 'client-token',
    grant: 'invitations',
    params,
    responses: { 200: { description: 'The devices are being told.', json: initiatedSchema } },
    problems: ['invitation-not-found', 'invitation-ended', 'token-foreign', 'unavailable'],
    async handle({ params: { id }, identity: { claims } }) {
      return { status: 200, body: invitationJson(done(await invitations.cancel(id, claims.client))) }
    },
  })
  return [
    { url: '/v1/invitations/:id/connect', methods: { POST: connect } },
    { url: '/v1/invitations/:id/cancel', methods: { POST: cancel } },
  ]
}

/** @throws Problem where the token is for another invitation */
function deviceFor({ invitationId, deviceId }: InvitationClaims, id: string): string {
  if (invitationId !== id) throw new Problem('token-foreign', 'The token is for another invitation.')
  return deviceId
}

/** @throws Problem where it was refused */
function done<View extends InitiatorView | DeviceView>(view: View | InvitationRefusal): View {
  if (view.kind === 'refused') {
    throw new Problem(INVITATION_PROBLEMS[view.why], view.detail)
  }
  return view
}
