import { matching, oneOf } from './leaf.js'
import { section } from './section.js'

/** Families of networks whose codes come with the server. */
export const SHIPPED_CARRIERS = ['gsm', 'cdma'] as const
export type ShippedCarrier = (typeof SHIPPED_CARRIERS)[number]

const code = (what: string) =>
  matching(/^(?:[0-9*#]|\{did\}|\{seconds\})+$/, 'digits, *, #, {did} and {seconds}')
    .optional()
    .describe(what)

const codes = section({
  set: code('Points the forwarding at the DID, and switches it on.'),
  activate: code('The same where the network wants it written in another way.'),
  deactivate: code('Switches it off; the network keeps the number.'),
  erase: code('Switches it off and forgets the number.'),
  query: code('Shows how it is set.'),
})

/** What a subscriber of a network dials, where it is not what the family of that network does. */
export const carrier = section({
  like: oneOf(...SHIPPED_CARRIERS)
    .optional()
    .describe('The family whose codes hold where none stands here.'),
  number: oneOf('international', 'national')
    .optional()
    .describe(
      'How the DID is written in a code: with + and country, or as it is dialled within the country.',
    ),
  codes: section({
    busy: codes.optional().describe('Forwarding on busy: what a rejected call does.'),
    'no-reply': codes.optional().describe('Forwarding of calls that nobody answers.'),
    'not-reachable': codes.optional().describe('Forwarding while the phone is off or out of reach.'),
    conditional: codes.optional().describe('All three at once.'),
  }).prefault({}),
})
