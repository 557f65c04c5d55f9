import { nearest } from './nearest.js'
import {
  at,
  bareNumber,
  type Entries,
  entriesOf,
  itemsOf,
  type Place,
  placesIn,
  plainNumber,
  textOf,
} from './look.js'
import type { Complain } from './problem.js'
import { SHIPPED_CARRIERS } from './schema/carrier.js'
import type { Value } from './to-value.js'

/** Where subscribers name users, groups and trunks. */
export function subscriberTargets(subscribers: Entries): readonly Place[] {
  return subscribers.flatMap(([number, one]) => [
    { path: ['subscribers', number], value: one },
    { path: ['subscribers', number, 'no-answer'], value: at(one, 'no-answer') },
    ...placesIn(['subscribers', number, 'secondaries'], at(one, 'secondaries')),
  ])
}

/** What subscribers say of the rest of the configuration, beyond the names of users, groups and trunks. */
export function checkSubscribers(root: Value, complain: Complain): void {
  const subscribers = entriesOf(at(root, 'subscribers'))
  const trunks = new Map(entriesOf(at(root, 'trunks')))
  const carriers = [...SHIPPED_CARRIERS, ...entriesOf(at(root, 'carriers')).map(([name]) => name)]
  const owners = ownersOf(root)
  const dids = new Set(subscribers.map(([, one]) => plainNumber(at(one, 'did'))))
  const needsProxy = (path: Place['path'], name: string | undefined): void => {
    if (name === undefined || !trunks.has(name) || at(trunks.get(name), 'proxy') !== undefined) return
    complain(path, `trunk ${name} has no proxy that a call could go out to`)
  }
  for (const [number, one] of subscribers) {
    const path = ['subscribers', number]
    const owner = owners.get(plainNumber(at(one, 'did')))
    if (owner !== undefined) complain([...path, 'did'], `is a number of ${owner} already`)
    if (dids.has(plainNumber(number))) complain(path, 'is a DID: its calls would be forwarded to itself')
    const carrier = textOf(at(one, 'carrier'))
    if (carrier !== undefined && !carriers.includes(carrier)) {
      const near = nearest(carrier, carriers)
      complain(
        [...path, 'carrier'],
        `there is no carrier ${carrier}${near === undefined ? '' : `; did you mean ${near}?`}`,
      )
    }
    const trunk = textOf(at(one, 'test-trunk'))
    if (trunk !== undefined && !trunks.has(trunk)) {
      complain([...path, 'test-trunk'], `there is no trunk ${trunk}`)
    }
    needsProxy([...path, 'test-trunk'], trunk)
    itemsOf(at(one, 'secondaries')).forEach((secondary, index) => {
      const place = [...path, 'secondaries', index]
      const called = at(secondary, 'number')
      if (called === undefined) return
      needsProxy([...place, 'trunk'], textOf(at(secondary, 'trunk')))
      if (plainNumber(called) === plainNumber(number))
        complain([...place, 'number'], 'is the cell phone itself')
      else if (bareNumber(called) !== '' && dids.has(plainNumber(called))) {
        complain([...place, 'number'], 'is a DID: the call would come back')
      }
    })
  }
}

/** Whose a number is. */
function ownersOf(root: Value): ReadonlyMap<string, string> {
  const owners = new Map<string, string>()
  for (const kind of ['user', 'group'] as const) {
    for (const [name, one] of entriesOf(at(root, `${kind}s`))) {
      for (const number of itemsOf(at(one, 'numbers'))) owners.set(plainNumber(number), `${kind} ${name}`)
    }
  }
  return owners
}
