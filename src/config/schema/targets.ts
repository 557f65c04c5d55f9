import { text } from './leaf.js'
import { numberPattern, phoneNumber, sipUri, whole } from './leaf.js'
import { finished } from './section.js'
import type { Complain } from './section.js'
import { z } from 'zod'

/** Where a call goes on. */
export type Target =
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'number'; readonly number: string }
  | { readonly kind: 'outside'; readonly uri: string; readonly trunk: string }
  | { readonly kind: 'status'; readonly status: number }

interface Ways {
  readonly user?: string
  readonly group?: string
  readonly number?: string
  readonly uri?: string
  readonly trunk?: string
  readonly status?: number
}

const keys = {
  user: text('the name of a user').optional(),
  group: text('the name of a group').optional(),
  uri: sipUri().optional().describe('Goes out through the trunk.'),
  trunk: text('the name of a trunk').optional(),
  status: whole(400, 699).optional().describe('The SIP status that the caller gets.'),
}

function targetOf(ways: Ways, names: string, complain: Complain): Target {
  const { user, group, number, uri, trunk, status } = ways
  const targets: Target[] = []
  if (user !== undefined) targets.push({ kind: 'user', user })
  if (group !== undefined) targets.push({ kind: 'group', group })
  if (number !== undefined) targets.push({ kind: 'number', number })
  if (uri !== undefined && trunk !== undefined) targets.push({ kind: 'outside', uri, trunk })
  if (status !== undefined) targets.push({ kind: 'status', status })
  const [target, ...more] = targets
  if ((uri === undefined) !== (trunk === undefined)) complain('uri and trunk belong together')
  else if (target === undefined || more.length > 0) complain(`needs exactly one of ${names}`)
  return target ?? z.NEVER
}

/** Where a call goes that nobody answered. */
export const noAnswer = finished({ ...keys, number: phoneNumber().optional() }, (value, complain) =>
  targetOf(value, 'user, group, number, uri with trunk, and status', complain),
)

export const route = finished({ match: numberPattern(), ...keys }, ({ match, ...value }, complain) => ({
  match,
  to: targetOf(value, 'user, group, uri with trunk, and status', complain),
}))
