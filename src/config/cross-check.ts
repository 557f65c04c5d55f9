import { checkRegions } from './check-regions.js'
import { checkInstructions, instructionTargets } from './check-instructions.js'
import { callingPlaces, checkCalledGroups } from './check-outgoing.js'
import { checkSubscribers, subscriberTargets } from './check-subscribers.js'
import { nearest } from './nearest.js'
import { at, type Entries, entriesOf, itemsOf, type Place, placesIn, plainNumber, textOf } from './look.js'
import { canonicalNetwork } from './network.js'
import type { Complain, Finding } from './problem.js'
import type { Files } from './schema/files.js'
import type { Value } from './to-value.js'
import { createLocator } from './tree.js'
import type { Tree } from './tree.js'

/**
 * What the parts of a configuration say of each other. Looks at the values as they were written, so that it has its
 * say in one round with the schema, whatever else is wrong.
 */
export function crossCheck(tree: Tree, root: Value, files: Files): Finding[] {
  const locate = createLocator(tree)
  const findings: Finding[] = []
  const complain: Complain = (path, message) => {
    const { value, keyAt, found } = locate(path)
    findings.push({ at: found ? value.at : keyAt, path, message })
  }
  const users = entriesOf(at(root, 'users'))
  const trunks = entriesOf(at(root, 'trunks'))
  const groups = entriesOf(at(root, 'groups'))
  const routes = itemsOf(at(root, 'routes'))
  const subscribers = entriesOf(at(root, 'subscribers'))

  const userNames = new Set(users.map(([name]) => name))
  checkNumbers(users, groups, complain)
  checkGroups(groups, userNames, complain)
  checkNetworks(trunks, complain)
  checkRoutes(routes, complain)
  checkSubscribers(root, complain)
  checkProviders(entriesOf(at(root, 'push')), complain)
  const targets = [
    ...targetsOf(users, groups, routes),
    ...subscriberTargets(subscribers),
    ...users.flatMap(([name, user]) => placesIn(['users', name, 'when'], at(user, 'when'))),
    ...placesIn(['clients', 'when'], at(at(root, 'clients'), 'when')),
    { path: ['clients', 'no-answer'], value: at(at(root, 'clients'), 'no-answer') },
    ...instructionTargets(root),
  ]
  const redirects = [
    ...users.flatMap(([name, user]) => placesIn(['users', name, 'redirect'], at(user, 'redirect'))),
    ...placesIn(['clients', 'redirect'], at(at(root, 'clients'), 'redirect')),
  ]
  checkNames(targets, 'user', userNames, complain)
  checkNames(redirects, 'user', new Set([...userNames, ANY_USER]), complain)
  for (const places of [targets, redirects]) {
    checkNames(places, 'group', new Set(groups.map(([name]) => name)), complain)
    checkNames(places, 'trunk', new Set(trunks.map(([name]) => name)), complain)
  }
  const calling = callingPlaces(root)
  checkNames(calling, 'trunk', new Set(trunks.map(([name]) => name)), complain)
  checkCalledGroups(calling, groups, complain)
  checkProxies([...redirects, ...calling], new Map(trunks), complain)
  checkInstructions(root, targets, userNames, files, complain)
  checkWatched(users, userNames, complain)
  checkMediaPorts(root, complain)
  checkRegions(root, complain)
  return findings
}

/** A redirect to any user; elsewhere it is no name. */
const ANY_USER = '*'

/** Where a call goes on, and who is a member of a group. */
function targetsOf(users: Entries, groups: Entries, routes: readonly Value[]): readonly Place[] {
  return [
    ...users.map(([name, user]) => ({ path: ['users', name, 'no-answer'], value: at(user, 'no-answer') })),
    ...groups.map(([name, group]) => ({
      path: ['groups', name, 'no-answer'],
      value: at(group, 'no-answer'),
    })),
    ...groups.flatMap(([name, group]) => placesIn(['groups', name, 'members'], at(group, 'members'))),
    ...placesIn(['routes'], routes),
  ]
}

/** Whose presence a user's phones may read: a client of its own is known to no configuration. */
function checkWatched(users: Entries, known: ReadonlySet<string>, complain: Complain): void {
  for (const [name, user] of users) {
    itemsOf(at(user, 'watches')).forEach((item, index) => {
      const watched = textOf(item)
      if (watched === undefined || watched === ANY_USER || known.has(watched)) return
      const near = nearest(watched, [...known])
      // It may be a client of its own, unless a user's name was meant.
      if (near !== undefined) {
        complain(['users', name, 'watches', index], `there is no user ${watched}; did you mean ${near}?`)
      }
    })
  }
}

/** A call to a number is a call to one user or group. `+15550100`, `0015550100` and `15550100` are one number. */
function checkNumbers(users: Entries, groups: Entries, complain: Complain): void {
  const owners = new Map<string, string>()
  const names = new Map([
    ...groups.map(([name]) => [name, 'group'] as const),
    ...users.map(([name]) => [name, 'user'] as const),
  ])
  const check = (section: string, kind: string, entries: Entries): void => {
    for (const [name, one] of entries) {
      itemsOf(at(one, 'numbers')).forEach((item, index) => {
        const path = [section, name, 'numbers', index]
        const number = plainNumber(item)
        const owner = owners.get(number)
        const named = names.get(number)
        if (owner !== undefined) complain(path, `is a number of ${owner} already`)
        else if (number !== name && named !== undefined) {
          complain(path, `is the name of ${named === kind ? 'another' : 'a'} ${named}`)
        }
        owners.set(number, owner ?? `${kind} ${name}`)
      })
    }
  }
  check('users', 'user', users)
  check('groups', 'group', groups)
}

/** A group can be called by its name, as a user can. Nobody is rung twice by one call. */
function checkGroups(groups: Entries, users: ReadonlySet<string>, complain: Complain): void {
  for (const [name, group] of groups) {
    if (users.has(name)) complain(['groups', name], 'is the name of a user')
    const seen = new Set<string>()
    itemsOf(at(group, 'members')).forEach((member, index) => {
      const user = textOf(at(member, 'user'))
      if (user === undefined) return
      if (seen.has(user)) complain(['groups', name, 'members', index, 'user'], 'is a member already')
      seen.add(user)
    })
  }
}

/** A number has no host of its own: it goes to the one that the trunk's calls go to. */
function checkProxies(
  places: readonly Place[],
  trunks: ReadonlyMap<string, Value>,
  complain: Complain,
): void {
  for (const { path, value } of places) {
    const name = textOf(at(value, 'trunk'))
    if (name === undefined || !trunks.has(name) || at(trunks.get(name), 'proxy') !== undefined) continue
    complain([...path, 'trunk'], `trunk ${name} has no proxy that a call could go out to`)
  }
}

/** Networks may hold each other: the first trunk in the file that matches wins. Equal ones leave the later no call. */
function checkNetworks(trunks: Entries, complain: Complain): void {
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
function checkProviders(push: Entries, complain: Complain): void {
  const seen = new Map<string, string>()
  for (const [name] of push) {
    const other = seen.get(name.toLowerCase())
    if (other !== undefined) complain(['push', name], `is the same name to SIP as ${other}`)
    seen.set(name.toLowerCase(), name)
  }
}

function checkNames(
  places: readonly Place[],
  kind: 'user' | 'group' | 'trunk',
  known: ReadonlySet<string>,
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
