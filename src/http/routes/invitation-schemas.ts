import { z } from 'zod'
import { instant } from '../instant.js'

/** As it is answered. */
const passedOn = z
  .unknown()
  .meta({ description: 'Any JSON, of 16 KiB at most; passed on as it is, and not looked into.' })

const state = z.enum(['open', 'connected', 'cancelled', 'expired', 'declined', 'unreachable'])

const common = {
  id: z.string(),
  state: state.describe('`open`: it can be accepted. Each of the others is for ever.'),
  createdAt: instant,
  expiresAt: instant,
  note: z.string().optional(),
}

const deviceStates = z.enum(['invited', 'unreachable', 'accepted', 'declined', 'connected', 'ended'])

/** Names of the shape are those of `InvitedDevice`. */
const device = z.object({
  id: z.string(),
  user: z.string(),
  state: deviceStates,
  connection: passedOn.optional().describe('Of a device that has accepted.'),
  reason: z.string().nullable().optional().describe('Of a device that has declined.'),
  detail: z.string().optional().describe('Of a device that could not be told.'),
})

export const initiatedSchema = z
  .object({
    ...common,
    endpoints: z.array(z.object({ user: z.string() })),
    invited: z.int().describe('How many devices there are.'),
    devices: z.array(device).describe('Those that have answered, and those that could not be told.'),
  })
  .meta({ id: 'Invitation', description: 'An invitation, as its initiator sees it.' })

export const invitedSchema = z
  .object({
    ...common,
    initiator: z.string().describe('User that invites.'),
    connection: passedOn,
    device: z.object({ state: deviceStates }).describe('The device that asks.'),
  })
  .meta({ id: 'ReceivedInvitation', description: 'An invitation, as an invited device sees it.' })
