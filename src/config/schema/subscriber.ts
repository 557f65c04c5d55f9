import { isSupportedCountry } from 'libphonenumber-js'
import type { CountryCode } from 'libphonenumber-js'
import { z } from 'zod'
import { duration, leaf, matching, oneOf, phoneNumber, sipUri, text } from './leaf.js'
import { finished, section } from './section.js'
import { noAnswer } from './targets.js'

/** With its country, as it is to be known all over the world. */
export const e164 = matching(/^\+[1-9][0-9]{6,14}$/, 'a number in full, such as "+12025550100"')

/** Who rings beside the cell phone. */
export type Secondary =
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'outside'; readonly uri: string; readonly trunk: string }
  | { readonly kind: 'number'; readonly number: string; readonly trunk: string }

const secondary = finished(
  {
    user: text('the name of a user').optional(),
    group: text('the name of a group').optional().describe('All of its members at once.'),
    number: phoneNumber().optional().describe('Goes out through the trunk.'),
    uri: sipUri().optional().describe('Goes out through the trunk.'),
    trunk: text('the name of a trunk').optional(),
  },
  ({ user, group, number, uri, trunk }, complain): Secondary => {
    const ways: Secondary[] = []
    if (user !== undefined) ways.push({ kind: 'user', user })
    if (group !== undefined) ways.push({ kind: 'group', group })
    if (number !== undefined) ways.push({ kind: 'number', number, trunk: trunk ?? '' })
    if (uri !== undefined) ways.push({ kind: 'outside', uri, trunk: trunk ?? '' })
    const [way, ...more] = ways
    if (way === undefined || more.length > 0) complain('needs exactly one of user, group, number and uri')
    else if ((trunk === undefined) !== (way.kind === 'user' || way.kind === 'group')) {
      complain('a number or uri needs a trunk, and nothing else has one')
    }
    return way ?? z.NEVER
  },
)

export const country = leaf<CountryCode>(
  (value) => {
    const code = value.toUpperCase()
    return isSupportedCountry(code) ? code : undefined
  },
  { expected: 'the two letters of a country, such as us or de', json: { type: 'string' } },
)

/** Seconds that a network takes: from 5 to 30 in steps of 5 (3GPP TS 22.082). */
const noReply = leaf(
  (value) => {
    const seconds = Number(/^(\d+)\s*s?$/.exec(value)?.[1] ?? NaN)
    return seconds >= 5 && seconds <= 30 && seconds % 5 === 0 ? seconds * 1000 : undefined
  },
  {
    expected: '5, 10, 15, 20, 25 or 30 seconds',
    json: { type: ['string', 'integer'] },
  },
)

/** Somebody with a cell phone whose calls are fetched by conditional forwarding. */
export const subscriber = section({
  user: text('the name of a user').describe('Whose phone it is: its app reports the calls.'),
  did: e164.describe('Our number that the forwarding points at; subscribers may share one.'),
  carrier: text('the name of a carrier').prefault('gsm').describe('Whose codes the phone dials.'),
  country: country
    .optional()
    .describe('In which numbers without a country are read; by default that of the number.'),
  secondaries: z
    .array(secondary)
    .min(1, { error: 'expected at least one secondary destination' })
    .max(20, { error: 'expected 20 secondary destinations at most' })
    .describe('Who rings beside the cell phone.'),
  strategy: oneOf('side-by-side', 'in-turn')
    .prefault('side-by-side')
    .describe('All secondaries ring at once, or one after another.'),
  ring: duration('s', '1s', '10m')
    .prefault('30s')
    .describe('How long they ring: all at once, or each in turn.'),
  'no-reply': noReply.prefault('20s').describe('For the code that forwards calls that nobody answers.'),
  instruct: oneOf('notified', 'accepted')
    .prefault('notified')
    .describe('The phone is to reject as soon as each secondary was notified, or once one took the call.'),
  patience: duration('s', '1s', '2m')
    .prefault('20s')
    .describe('How long the forwarded call may take to arrive once the phone was told to reject.'),
  hears: section({
    ringback: oneOf('early-media', 'ringing', 'queued').optional(),
    tone: matching(/^[a-z]{2}$/, 'the two letters of a country, such as us, uk or de').optional(),
  })
    .prefault({})
    .describe('What callers get while waiting, where it is not what the trunk says.'),
  'test-trunk': text('the name of a trunk')
    .optional()
    .describe('Through which the cell phone is called to find out whether the forwarding works.'),
  'no-answer': noAnswer.optional().describe('Where a call goes that no secondary answered.'),
})
