import { z } from 'zod'
import { leaf, matching, numberPattern, oneOf, phoneNumber, text, whole } from './leaf.js'
import { finished, section } from './section.js'
import { country } from './subscriber.js'

const NAMED = /^(?:user|client|group):(?:\*|[A-Za-z0-9\-_.!~*'()&=+$,?/]+)$/

/** Whom a caller may call: a pattern of numbers, or `user:`, `client:`, `group:` with a name or a star. */
const destination = leaf(
  (value) => {
    if (NAMED.test(value)) return value
    const pattern = numberPattern().safeParse(value)
    return pattern.success ? pattern.data : undefined
  },
  {
    expected: 'a number, the beginning of one and a star, or user:, client: or group: with a name or a star',
    json: { type: ['string', 'integer'] },
  },
)

/** What a user may call by SIP with the password, as the `outgoing` grant says it of a token. */
export const calling = section({
  to: z
    .array(destination)
    .min(1, { error: 'expected at least one destination' })
    .describe('Numbers and names that the user may call.'),
  trunk: text('the name of a trunk')
    .optional()
    .describe('The one trunk that calls to numbers may take, where it is not that of the section outgoing.'),
  'caller-ids': z
    .array(phoneNumber())
    .optional()
    .describe('Numbers that the user may show besides its own; the first is shown where none is asked for.'),
  calls: whole(1, 10_000).optional().describe('Calls at once, where it is not as the section outgoing says.'),
})

const limit = finished(
  {
    prefix: numberPattern().describe('The numbers that count: one, or the beginning of some and a star.'),
    calls: whole(0, 100_000).optional().describe('Calls at once of all clients together.'),
    'per-minute': whole(0, 10_000).optional().describe('Attempts a minute of all clients together.'),
  },
  (value, complain) => {
    if (value.calls === undefined && value.perMinute === undefined)
      complain('needs calls, per-minute, or both')
    return value
  },
)

/** Calls that users and client applications make. */
export const outgoing = section({
  trunk: text('the name of a trunk')
    .optional()
    .describe('Through which numbers outside are called; with one trunk that has a proxy, that one.'),
  country: country.optional().describe('In which numbers without a country are read.'),
  'caller-id': phoneNumber()
    .optional()
    .describe('Shown to numbers outside for who has no number of its own.'),
  ringback: oneOf('early-media', 'ringing', 'queued')
    .prefault('ringing')
    .describe('What the caller gets while waiting: 183 with a tone, 180, or 182 and then 180.'),
  tone: matching(/^[a-z]{2}$/, 'the two letters of a country, such as us, uk or de')
    .prefault('us')
    .describe('Whose ringback tone the caller hears.'),
  accept: oneOf('tone', 'answer')
    .prefault('tone')
    .describe('What the caller gets when a device accepts by API: another tone, or 200 and comfort audio.'),
  calls: whole(1, 10_000).prefault(5).describe('Calls at once of a client whose grant does not say.'),
  'per-minute': whole(1, 10_000).prefault(30).describe('Attempts of one client a minute.'),
  block: z.array(numberPattern()).prefault([]).describe('Numbers that nobody may call.'),
  limits: z.array(limit).prefault([]).describe('Limits by the beginning of the number.'),
})
