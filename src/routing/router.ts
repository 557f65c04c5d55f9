import type { Destination } from '../call/destination.js'
import { type Ending, ending, endingOfStatus } from '../call/ending.js'
import type { Otherwise, Plan, RouteTarget } from '../call/plan.js'
import type { Clock } from '../ports/clock.js'
import type { Binding, BindingStore, Device, DeviceStore } from '../ports/store.js'
import type { Sleepers } from './sleepers.js'
import type { RoutedUser, RoutingTable } from './table.js'

export interface Routed {
  readonly plan: Plan
  /** What the plan's contacts and devices are, for those who dial and push them. */
  readonly bindings: readonly Binding[]
  readonly devices: readonly Device[]
}

/** Nobody is to be called: the ending that the caller gets. */
export class NoRoute extends Error {
  override readonly name = 'NoRoute'
  constructor(readonly ending: Ending) {
    super(ending.detail ?? ending.cause)
  }
}

/** How long a number outside may ring where no user's setting says otherwise. */
const OUTSIDE_RING_MS = 60_000

/** An app that was tapped needs a second or two to be there, and a radio that wakes up some more. */
const SECOND_RESPONSE_MS = 15_000

export interface RouterDeps {
  readonly table: () => RoutingTable
  readonly store: DeviceStore & BindingStore
  readonly sleepers: Sleepers
  readonly clock: Clock
}

export interface Router {
  /** Whose phones a target means; known at once, so that their registrations are heard from then on. */
  usersOf(target: RouteTarget): readonly string[]
  /** Rejects with {@link NoRoute}, or StoreUnavailable. */
  route(target: RouteTarget): Promise<Routed>
}

export function createRouter(deps: RouterDeps): Router {
  return {
    usersOf: (target) => {
      const to = resolve(deps.table(), target)
      return to.kind === 'user' ? [to.user.name] : []
    },
    async route(target) {
      const to = resolve(deps.table(), target)
      switch (to.kind) {
        case 'user':
          return routeToUser(deps, to.user)
        case 'outside':
          return routeOutside(to)
        case 'nobody':
          throw new NoRoute(to.ending)
        default:
          return to satisfies never
      }
    },
  }
}

type Resolved =
  | { readonly kind: 'user'; readonly user: RoutedUser }
  | { readonly kind: 'outside'; readonly uri: string; readonly trunk: string }
  | { readonly kind: 'nobody'; readonly ending: Ending }

function resolve(table: RoutingTable, target: RouteTarget): Resolved {
  switch (target.kind) {
    case 'outside':
      return target
    case 'user': {
      const user = table.user(target.user)
      return user === undefined ? nobody(`no user ${target.user}`) : { kind: 'user', user }
    }
    case 'number': {
      const to = table.number(target.number)
      if (to === undefined) return nobody(`nobody has the number ${target.number}`)
      if (to.kind === 'status') return { kind: 'nobody', ending: endingOfStatus(to.status, 'server') }
      // A route to a number would let two routes point at each other.
      return to.kind === 'number'
        ? nobody(`the route of ${target.number} names a number`)
        : resolve(table, to)
    }
    default:
      return target satisfies never
  }
}

function nobody(detail: string): Resolved {
  return { kind: 'nobody', ending: ending('not-found', 'server', { detail }) }
}

function routeOutside({ uri, trunk }: { uri: string; trunk: string }): Routed {
  const plan: Plan = {
    users: [],
    destinations: [{ kind: 'outside', uri, trunk }],
    ringMs: OUTSIDE_RING_MS,
    graceMs: 0,
    secondResponseMs: SECOND_RESPONSE_MS,
    otherwise: { kind: 'outcome' },
  }
  return { plan, bindings: [], devices: [] }
}

async function routeToUser({ store, sleepers, clock }: RouterDeps, user: RoutedUser): Promise<Routed> {
  const [devices, bindings] = await Promise.all([
    store.devicesOf(user.name),
    store.bindingsOf(user.name, clock.now()),
  ])
  const plan: Plan = {
    users: [user.name],
    destinations: destinations(devices, bindings, sleepers),
    ringMs: user.ringMs,
    graceMs: user.graceMs,
    secondResponseMs: SECOND_RESPONSE_MS,
    otherwise: otherwise(user),
  }
  return { plan, bindings, devices }
}

/** Every device with its newest binding (RFC 5626 §7: one contact of an instance at a time), then the plain phones. */
function destinations(
  devices: readonly Device[],
  bindings: readonly Binding[],
  sleepers: Sleepers,
): readonly Destination[] {
  const newest = [...bindings].sort((a, b) => b.registeredAt - a.registeredAt)
  const ofDevices = devices.map((device): Destination => {
    const contact = newest.find((b) => b.deviceId === device.id) ?? null
    const wakeable = device.push !== null
    const asleep = contact !== null && sleepers.asleep(contact)
    return { kind: 'device', user: device.user, device: { deviceId: device.id, wakeable }, contact, asleep }
  })
  const known = new Set(devices.map((d) => d.id))
  const plain = newest
    .filter((b) => b.deviceId === null || !known.has(b.deviceId))
    .map((contact): Destination => ({ kind: 'contact', user: contact.user, contact }))
  return [...ofDevices.filter(canBeReached), ...plain]
}

/** A device whose token is retired and that is not registered would only make the list longer. */
function canBeReached(destination: Destination): boolean {
  return destination.kind !== 'device' || destination.device.wakeable || destination.contact !== null
}

function otherwise({ noAnswer }: RoutedUser): Otherwise {
  if (noAnswer === null) return { kind: 'outcome' }
  return noAnswer.kind === 'status' ? noAnswer : { kind: 'target', target: noAnswer }
}
