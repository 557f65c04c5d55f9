import { z } from 'zod'
import { numberPattern, text } from './leaf.js'
import { finished } from './section.js'

/** Where a decline may send a call. */
export type Redirect =
  /** `*`: whoever is configured. */
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'group'; readonly group: string }
  /** Out through the trunk or, without one, wherever a call to that number goes. */
  | { readonly kind: 'number'; readonly match: string; readonly trunk?: string }

export const redirect = finished(
  {
    user: text('the name of a user, or "*"').optional().describe('"*": any user.'),
    group: text('the name of a group').optional(),
    number: numberPattern().optional().describe('A number, or the beginning of one and a star.'),
    trunk: text('the name of a trunk')
      .optional()
      .describe('With number: the call goes out through it. Otherwise as a call to that number does.'),
  },
  ({ user, group, number, trunk }, complain): Redirect => {
    const ways: Redirect[] = []
    if (user !== undefined) ways.push({ kind: 'user', user })
    if (group !== undefined) ways.push({ kind: 'group', group })
    if (number !== undefined) {
      ways.push({ kind: 'number', match: number, ...(trunk === undefined ? {} : { trunk }) })
    }
    const [way, ...more] = ways
    if (way === undefined || more.length > 0) complain('needs exactly one of user, group and number')
    else if (trunk !== undefined && number === undefined) complain('trunk belongs to a number')
    return way ?? z.NEVER
  },
)
