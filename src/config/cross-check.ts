import { nearest } from './nearest.js'
import { canonicalNetwork } from './network.js'
import type { Finding } from './problem.js'
import type { Value } from './to-value.js'
import { createLocator } from './tree.js'
import type { Path, Tree } from './tree.js'

/**
 * What the parts of a configuration say of each other. Looks at the values as they were written, so that it has its
 * say in one round with the schema, whatever else is wrong.
 */
export function crossCheck(tree: Tree, root: Value): Finding[] {
  const locate = createLocator(tree)
  const findings: Finding[] = []
  const complain: Complain = (path, message) => {
    const { value, keyAt, found } = locate(path)
    findings.push({ at: found ? value.at : keyAt, path, message })
  }
  const users = entriesOf(at(root, 'users'))
  const trunks = entriesOf(at(root, 'trunks'))
  const routes = itemsOf(at(root, 'routes'))

  checkNumbers(users, complain)
  checkNetworks(trunks, complain)
  checkRoutes(routes, complain)
  checkProviders(entriesOf(at(root, 'push')), complain)
  const targets: Place[] = [
    ...users.map(([name, user]) => ({ path: ['users', name, 'no-answer'], value: at(user, 'no-answer') })),
    ...routes.map((value, index) => ({ path: ['routes', index], value })),
  ]
  checkNames(targets, 'user', new Set(users.map(([name]) => name)), complain)
  checkNames(targets, 'trunk', new Set(trunks.map(([name]) => name)), complain)
  checkMediaPorts(root, complain)
  return findings
}

type Complain = (path: Path, message: string) => void

interface Place {
  readonly path: Path
  readonly value: Value
}

/** A call to a number is a call to one user. `+15550100`, `0015550100` and `15550100` are one number. */
function checkNumbers(users: readonly (readonly [string, Value])[], complain: Complain): void {
  const owners = new Map<string, string>()
  const names = new Set(users.map(([name]) => name))
  for (const [name, user] of users) {
    itemsOf(at(user, 'numbers')).forEach((item, index) => {
      const path = ['users', name, 'numbers', index]
      const number = plainNumber(item)
      const owner = owners.get(number)
      if (owner !== undefined) complain(path, `is a number of user ${owner} already`)
      else if (number !== name && names.has(number)) complain(path, `is the name of another user`)
      owners.set(number, owner ?? name)
    })
  }
}

/** Networks may hold each other: the first trunk in the file that matches wins. Equal ones leave the later no call. */
function checkNetworks(trunks: readonly (readonly [string, Value])[], complain: Complain): void {
  const owners = new Map<string, string>()
  for (const [name, trunk] of trunks) {
    itemsOf(at(trunk, 'match')).forEach((item, index) => {
      const network = canonicalNetwork(textOf(item) ?? '')
      if (network === undefined) return
      const owner = owners.get(network)
      if (owner !== undefined)
        complain(['trunks', name, 'match', index], `is a network of trunk ${owner} already`)
      owners.set(network, owner ?? name)
    })
  }
}

function checkRoutes(routes: readonly Value[], complain: Complain): void {
  const first = new Map<string, number>()
  routes.forEach((route, index) => {
    const match = textOf(at(route, 'match'))
    if (match === undefined) return
    const earlier = first.get(plainNumber(match))
    if (earlier === undefined) first.set(plainNumber(match), index)
    else
      complain(['routes', index, 'match'], `is never reached: routes[${String(earlier)}] takes these calls`)
  })
}

/** SIP compares the names of push services without regard to case. */
function checkProviders(push: readonly (readonly [string, Value])[], complain: Complain): void {
  const seen = new Map<string, string>()
  for (const [name] of push) {
    const other = seen.get(name.toLowerCase())
    if (other !== undefined) complain(['push', name], `is the same name to SIP as ${other}`)
    seen.set(name.toLowerCase(), name)
  }
}

function checkNames(
  places: readonly Place[],
  kind: 'user' | 'trunk',
  known: Set<string>,
  complain: Complain,
): void {
  for (const { path, value } of places) {
    const name = textOf(at(value, kind))
    if (name === undefined || known.has(name)) continue
    const near = nearest(name, [...known])
    complain(
      [...path, kind],
      `there is no ${kind} ${name}${near === undefined ? '' : `; did you mean ${near}?`}`,
    )
  }
}

function checkMediaPorts(root: Value, complain: Complain): void {
  const media = at(root, 'media')
  if (textOf(at(media, 'engine')) === 'freeswitch') return
  const ports = textOf(at(media, 'ports')) ?? '20000-20999'
  const [from = NaN, to = NaN] = ports.split('-').map(Number)
  itemsOf(at(at(root, 'sip'), 'listen')).forEach((listener, index) => {
    const port = Number(textOf(at(listener, 'port')))
    if (textOf(at(listener, 'protocol')) !== 'udp' || !(port >= from && port <= to)) return
    complain(['sip', 'listen', index, 'port'], `lies within media.ports (${ports})`)
  })
}

function plainNumber(value: Value): string {
  return (textOf(value) ?? '').replace(/[().\s-]/g, '').replace(/^(?:\+|00)/, '')
}

function at(value: Value, key: string): Value {
  return typeof value === 'object' && !Array.isArray(value) ? value[key] : undefined
}

function entriesOf(value: Value): [string, Value][] {
  return typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : []
}

function itemsOf(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: Value): string | undefined {
  return typeof value === 'string' ? value : undefined
}
