import { z } from 'zod'
import type { DeviceRefusal, Devices } from '../../clients/devices/devices.js'
import type { PushTarget } from '../../ports/push.js'
import type { Device } from '../../ports/store.js'
import { instant, iso } from '../instant.js'
import { operation } from '../operation.js'
import { Problem } from '../problem.js'
import type { Route } from '../route.js'
import type { ClientClaims } from '../tokens.js'

const params = z.object({
  id: z
    .string()
    .regex(/^[\w.~-]{1,64}$/, '1 to 64 letters, digits, -, _, . and ~')
    .describe('Chosen by the app, once and for ever: best a random UUID.'),
})

/** As in SIP, where control characters and spaces are refused as well. */
const word = z.string().regex(/^[^\s\p{Cc}]+$/u, 'empty, or with spaces or control characters')

const deliverySchema = z.enum(['invite', 'call-in'])

const deviceBody = z
  .strictObject({
    provider: word
      .max(64)
      .optional()
      .describe(
        'Name of an entry of `push` in the configuration. Without one the device is told by its channel.',
      ),
    token: word.max(2048).optional().describe('Device token of the push service.'),
    param: word.max(2048).optional().describe('What `pn-param` is in SIP (RFC 8599): the bundle id, say.'),
    instance: z
      .string()
      .max(256)
      .regex(/^[^\s<>"\p{Cc}]+$/u, 'a URN, without angle brackets')
      .optional()
      .describe('`+sip.instance` that the app registers with, without the angle brackets: `urn:uuid:…`.'),
    delivery: deliverySchema
      .default('invite')
      .describe('`call-in`: no INVITE is sent to the device; told of a call, it sends its own.'),
  })
  .refine(({ provider, token }) => (provider === undefined) === (token === undefined), {
    path: ['token'],
    error: 'provider and token belong together',
  })
  .refine(({ provider, param }) => provider !== undefined || param === undefined, {
    path: ['param'],
    error: 'of no use without provider and token',
  })
  .meta({ id: 'DeviceSettings' })

const deviceSchema = z
  .object({
    id: z.string(),
    user: z.string(),
    provider: z.string().nullable(),
    instance: z.string().nullable(),
    delivery: deliverySchema,
    createdAt: instant,
    seenAt: instant,
  })
  .meta({ id: 'Device', description: 'An app install, without its push token.' })

/** Devices of apps that keep their push token out of SIP. */
export function deviceRoutes(devices: Devices): readonly Route[] {
  const put = operation({
    id: 'putDevice',
    tag: 'devices',
    summary: 'Makes or changes a device',
    description:
      'The same request again changes nothing. A REGISTER with the same instance belongs to the device, and need ' +
      'not bring the push token.',
    security: 'client-token',
    grant: ['devices', 'incoming'],
    params,
    body: deviceBody,
    responses: {
      200: { description: 'Changed.', json: deviceSchema },
      201: { description: 'Made.', json: deviceSchema },
    },
    problems: ['token-foreign', 'device-conflict', 'unavailable'],
    async handle({ params: { id }, body, identity: { claims } }) {
      own(claims, id)
      const { delivery, instance } = body
      const result = await devices.put(claims.user, id, {
        push: pushOf(body),
        ...(delivery === 'call-in' ? { callsIn: true } : {}),
        ...(instance === undefined ? {} : { instance }),
      })
      if (result.kind === 'refused') throw problemOfRefusal(result.why)
      return { status: result.created ? 201 : 200, body: deviceJson(result.device) }
    },
  })

  const remove = operation({
    id: 'deleteDevice',
    tag: 'devices',
    summary: 'Retires a device',
    description: 'It is pushed no more. Registrations of the app stay until they end by themselves.',
    security: 'client-token',
    grant: ['devices', 'incoming'],
    params,
    responses: { 204: { description: 'Done, now or before.', empty: true } },
    problems: ['token-foreign', 'device-not-found', 'unavailable'],
    async handle({ params: { id }, identity: { claims } }) {
      own(claims, id)
      if (await devices.retire(claims.user, id)) return { status: 204 }
      throw new Problem('device-not-found', `There is no device ${id}.`)
    },
  })

  return [{ url: '/v1/devices/:id', methods: { PUT: put, DELETE: remove } }]
}

function pushOf({ provider, token, param }: z.output<typeof deviceBody>): PushTarget | null {
  if (provider === undefined || token === undefined) return null
  return { provider, token, ...(param === undefined ? {} : { param }) }
}

/** A token may be for one device of the user only. */
function own({ deviceId }: ClientClaims, id: string): void {
  if (deviceId !== undefined && deviceId !== id) {
    throw new Problem('token-foreign', 'The token is of another device.')
  }
}

function problemOfRefusal(why: DeviceRefusal): Problem {
  switch (why) {
    case 'unknown-provider': {
      const detail = 'not a configured push service'
      return new Problem('bad-request', `#/provider: ${detail}`, {
        members: { errors: [{ pointer: '#/provider', detail }] },
      })
    }
    case 'foreign-device':
      return new Problem('device-conflict', 'Another user has a device with this id.')
    case 'foreign-address':
      return new Problem('device-conflict', 'The push address is the one of another user’s device.')
    case 'contended':
      return new Problem('unavailable', 'Others keep changing the same device.', {
        headers: { 'retry-after': '1' },
      })
    default:
      return why satisfies never
  }
}

function deviceJson(device: Device): z.input<typeof deviceSchema> {
  const { id, user, push, instance, createdAt, seenAt } = device
  return {
    ...{ id, user, instance },
    provider: push?.provider ?? null,
    delivery: device.callsIn === true ? 'call-in' : 'invite',
    createdAt: iso(createdAt),
    seenAt: iso(seenAt),
  }
}
