import { z } from 'zod'
import { LONGEST_NOTE, PRESENCE_STATES } from '../../ports/presence.js'
import { connectionData as connection } from './connection-data.js'

/** Bounds of what a client may send; the token's is that of the token check. */
const name = z.string().min(1).max(256)
const token = z.string().min(1).max(4096)
const ref = z.union([z.string().max(64), z.number()]).optional()
const number = z.int().min(0)
/** What is shown to people: no line break, and nothing else that a header cannot carry. */
const PRINTABLE = /^[^\p{Cc}\p{Zl}\p{Zp}]*$/u
const sdp = z.string().min(1).max(32_768)

export const redirectTarget = z.union([
  z.strictObject({ user: name }),
  z.strictObject({ number: z.string().min(1).max(64) }),
])

/** A call is accepted and declined with its call token, or else by the channel's own device. */
const call = { ref, callId: name, token: token.optional() }
/** An invitation is answered with its invitation token, or else by the channel's own device. */
const invited = { ref, invitation: name, token: token.optional() }

/** What a client says of its user. */
export const presence = {
  state: z.enum(PRESENCE_STATES),
  note: z.string().min(1).max(LONGEST_NOTE).optional(),
  /** Seconds. */
  expires: z.int().min(10).max(604_800).optional(),
}
const readers = z.array(name).min(1).max(100)

/** What a client sends on its channel. Fields that are not named here are refused. */
export const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    ref,
    token,
    device: name.optional(),
    /** How calls are to come to the device from now on; as before without it. */
    delivery: z.enum(['invite', 'call-in']).optional(),
    /** Number of the last message that the client has. */
    resume: number.optional(),
  }),
  z.strictObject({ type: z.literal('ping'), ref }),
  /** The client has every message up to this number. */
  z.strictObject({ type: z.literal('ack'), upTo: number }),
  z.strictObject({ type: z.literal('accept'), ...call, sdp: sdp.optional() }),
  z.strictObject({
    type: z.literal('decline'),
    ...call,
    reason: z.enum(['busy', 'reject', 'redirect', 'message']),
    message: z.string().min(1).max(256).optional(),
    to: redirectTarget.optional(),
  }),
  z.strictObject({ type: z.literal('hangup'), ...call }),
  /** What comes of it is told in numbered messages. */
  z.strictObject({
    type: z.literal('call'),
    ref,
    to: name,
    sdp,
    /** A number to show, or `anonymous`. */
    callerId: z.string().min(1).max(64).regex(PRINTABLE).optional(),
    /** A name to show beside it. */
    name: z.string().min(1).max(128).regex(PRINTABLE).optional(),
  }),
  /** Of a call that the client made, as `hangup` is too. */
  z.strictObject({ type: z.literal('reoffer'), ref, callId: name, sdp }),
  z.strictObject({
    type: z.literal('info'),
    ref,
    callId: name,
    contentType: z
      .string()
      .regex(/^[\w.+-]+\/[\w.+-]+$/)
      .max(128),
    body: z.string().max(4096),
  }),
  z.strictObject({
    type: z.literal('invite'),
    ref,
    endpoints: z
      .array(z.strictObject({ user: name }))
      .min(1)
      .max(10),
    connection,
    note: z.string().max(256).optional(),
    /** Seconds. */
    expires: z.int().min(5).max(600).optional(),
  }),
  z.strictObject({ type: z.literal('invitation-accept'), ...invited, connection }),
  z.strictObject({
    type: z.literal('invitation-decline'),
    ...invited,
    reason: z.string().min(1).max(256).optional(),
  }),
  z.strictObject({
    type: z.literal('invitation-connect'),
    ref,
    invitation: name,
    devices: z.array(name).min(1).max(100),
  }),
  z.strictObject({ type: z.literal('invitation-cancel'), ref, invitation: name }),
  /** Without `expires` for as long as a channel of the user is there, and about two minutes more. */
  z.strictObject({ type: z.literal('presence-set'), ref, ...presence }),
  z.strictObject({ type: z.literal('presence-subscribe'), ref, users: readers }),
  z.strictObject({ type: z.literal('presence-unsubscribe'), ref, users: readers }),
])

export type ClientMessage = z.output<typeof clientMessage>
export type Hello = Extract<ClientMessage, { type: 'hello' }>
/** What has a result. */
export type ClientRequest = Exclude<ClientMessage, { type: 'hello' | 'ping' | 'ack' }>
export type Ref = string | number | undefined

/** A message, what is wrong with it, or null where it is no JSON object at all. */
export type Parsed = ClientMessage | { readonly type: 'invalid'; readonly ref: Ref; readonly detail: string }

export function parseClientMessage(text: string): Parsed | null {
  const value = json(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const parsed = clientMessage.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
  return { type: 'invalid', ref: refOf(value), detail: `${where}${issue?.message ?? 'not understood'}` }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refOf(value: object): Ref {
  const found = 'ref' in value ? ref.safeParse(value.ref) : undefined
  return found?.success === true ? found.data : undefined
}
