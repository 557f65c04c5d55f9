import { text } from './leaf.js'
import { numberPattern, phoneNumber, sipUri, whole } from './leaf.js'
import { finished } from './section.js'
import type { Complain } from './section.js'
import { z } from 'zod'

/** Where a call goes on. */
export type Target =
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'number'; readonly number: string }
  | { readonly kind: 'outside'; readonly uri: string; readonly trunk: string }
  | { readonly kind: 'status'; readonly status: number }

interface Ways {
  readonly user?: string
  readonly number?: string
  readonly uri?: string
  readonly trunk?: string
  readonly status?: number
}

const ways = {
  user: text('the name of a user').optional(),
  uri: sipUri().optional().describe('Goes out through the trunk.'),
  trunk: text('the name of a trunk').optional(),
  status: whole(400, 699).optional().describe('The SIP status that the caller gets.'),
}

function targetOf({ user, number, uri, trunk, status }: Ways, names: string, complain: Complain): Target {
  const targets: Target[] = []
  if (user !== undefined) targets.push({ kind: 'user', user })
  if (number !== undefined) targets.push({ kind: 'number', number })
  if (uri !== undefined && trunk !== undefined) targets.push({ kind: 'outside', uri, trunk })
  if (status !== undefined) targets.push({ kind: 'status', status })
  const [target, ...more] = targets
  if ((uri === undefined) !== (trunk === undefined)) complain('uri and trunk belong together')
  else if (target === undefined || more.length > 0) complain(`needs exactly one of ${names}`)
  return target ?? z.NEVER
}

/** Where a call goes that the user did not answer. */
export const noAnswer = finished({ ...ways, number: phoneNumber().optional() }, (value, complain) =>
  targetOf(value, 'user, number, uri with trunk, and status', complain),
)

export const route = finished({ match: numberPattern(), ...ways }, ({ match, ...value }, complain) => ({
  match,
  to: targetOf(value, 'user, uri with trunk, and status', complain),
}))
