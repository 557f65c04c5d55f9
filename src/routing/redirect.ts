import type { RouteTarget } from '../call/plan.js'
import type { RedirectTarget } from '../ports/call-control.js'
import { bareNumber, matchesPattern, plainNumber } from './numbers.js'
import { outsideNumber } from './outside.js'
import type { Redirect, RoutingTable } from './table.js'

type Callee = Extract<RouteTarget, { readonly kind: 'user' | 'group' }>

/**
 * Where a call goes that this user declines with a redirect: what the user's settings allow, and never back to the
 * user. Undefined where it is not allowed, or leads to nobody. A target `user` may name a group as well.
 */
export function redirectAllowed(
  table: RoutingTable,
  user: string,
  target: RedirectTarget,
): RouteTarget | undefined {
  const rules = table.client(user).redirect
  const number = target.kind === 'number' ? bareNumber(target.number) : undefined
  const callee = target.kind === 'user' ? calleeNamed(table, target.user) : calleeOf(table, number)
  if (callee?.kind === 'user' && callee.user === user) return undefined
  if (callee !== undefined && rules.some((rule) => allowsCallee(rule, callee))) return callee
  if (number === undefined) return undefined
  for (const rule of rules) {
    const to = rule.kind === 'number' && allowsNumber(rule.match, number) && through(table, rule, number)
    if (to) return to
  }
  return undefined
}

function calleeNamed(table: RoutingTable, name: string): Callee | undefined {
  if (table.user(name) !== undefined) return { kind: 'user', user: name }
  return table.group(name) === undefined ? undefined : { kind: 'group', group: name }
}

function calleeOf(table: RoutingTable, number: string | undefined): Callee | undefined {
  const to = number === undefined ? undefined : table.number(number)
  return to?.kind === 'user' || to?.kind === 'group' ? to : undefined
}

function allowsCallee(rule: Redirect, callee: Callee): boolean {
  switch (rule.kind) {
    case 'user':
      return callee.kind === 'user' && (rule.user === '*' || rule.user === callee.user)
    case 'group':
      return callee.kind === 'group' && rule.group === callee.group
    case 'number':
      return false
    default:
      return rule satisfies never
  }
}

/** Calls out cost money: where all that a pattern says is `+` or `00`, a number within the country is none of its. */
function allowsNumber(pattern: string, number: string): boolean {
  return matchesPattern(pattern, number) && (!/^(\+|00)\*$/.test(pattern) || /^(\+|00)/.test(number))
}

function through(
  table: RoutingTable,
  { match, trunk: name }: Extract<Redirect, { readonly kind: 'number' }>,
  number: string,
): RouteTarget | undefined {
  if (name === undefined) {
    const to = table.number(number)
    return to === undefined || to.kind === 'status' ? undefined : { kind: 'number', number }
  }
  const outside = outsideNumber(table.trunk(name), dialled(match, number))
  return outside === undefined ? undefined : { kind: 'outside', ...outside }
}

/** In the form that the pattern was written in: `7*` is not to become a call to the country +7. */
function dialled(pattern: string, number: string): string {
  if (pattern === '*') return number
  return pattern.startsWith('+') ? `+${plainNumber(number)}` : withoutPlus(pattern, number)
}

function withoutPlus(pattern: string, number: string): string {
  return pattern.startsWith('00') ? `00${plainNumber(number)}` : plainNumber(number)
}
