import { endingOfStatus } from '../call/ending.js'
import type { Plan, RouteTarget } from '../call/plan.js'
import type { Clock } from '../ports/clock.js'
import type { PresenceLookup } from '../ports/presence.js'
import type { Binding, BindingStore, Device, DeviceStore } from '../ports/store.js'
import { destinations } from './destinations.js'
import { NoRoute } from './no-route.js'
import { aimed, ringable, userOf } from './presence-rules.js'
import { resolve, type Ringing } from './resolve.js'
import { type RingRequest, rungBy } from './ring.js'
import type { Sleepers } from './sleepers.js'
import type { NoAnswer, RoutedUser, RoutingTable } from './table.js'

export interface Routed {
  readonly plan: Plan
  /** What the plan's contacts and devices are, for those who dial and push them. */
  readonly bindings: readonly Binding[]
  readonly devices: readonly Device[]
  /** Whom those who are rung see as the caller, where it is not the caller. */
  readonly callerId?: string
}

export { NoRoute }

/** How long a number outside may ring where no user's setting says otherwise. */
const OUTSIDE_RING_MS = 60_000

/** Nobody directs the call: it ends with its bridge, and is answered by whoever is called. */
const DIRECT = { goesOn: null, answerFirst: false } as const

export interface RouterDeps {
  readonly table: () => RoutingTable
  readonly store: Pick<DeviceStore, 'devicesOf'> & Pick<BindingStore, 'bindingsOf'>
  readonly sleepers: Sleepers
  readonly clock: Clock
  /** Without it nobody's rules about presence hold. */
  readonly presence?: PresenceLookup
  /** The host of our own URIs. */
  readonly domain?: string
}

export interface Router {
  /**
   * Where a call to this target goes at this moment, by the presence of the user that it means: another target, or the
   * same; instructions, where its number leads to such. A rule that turns the call away is for {@link route} to tell.
   */
  aim(target: RouteTarget): RouteTarget
  /** Name of the one user that a target means, wherever its calls go at this moment; null where it means none. */
  owner(target: RouteTarget): string | null
  /** Whose phones a target means; known at once, so that their registrations are heard from then on. */
  usersOf(target: RouteTarget): readonly string[]
  /** Rejects with {@link NoRoute}, or StoreUnavailable. */
  route(target: RouteTarget): Promise<Routed>
  /** Whose phones instructions mean; none where {@link ring} rejects. */
  usersRung(request: RingRequest): readonly string[]
  /** Those whom instructions ring. Rejects with {@link NoRoute}, or StoreUnavailable. */
  ring(request: RingRequest): Promise<Routed>
}

/** What is asked where nothing is known. */
const NOBODY_KNOWN: PresenceLookup = { known: () => undefined }

export function createRouter(deps: RouterDeps): Router {
  const presence = deps.presence ?? NOBODY_KNOWN
  const aim = (target: RouteTarget): NoAnswer => aimed(deps.table(), presence, target)
  return {
    aim(target) {
      const to = aim(target)
      if (to.kind === 'status') return target
      const leads = to.kind === 'number' ? deps.table().number(to.number) : undefined
      return leads?.kind === 'instructions' ? leads : to
    },
    owner: (target) => userOf(deps.table(), target)?.name ?? null,
    usersOf: (target) => {
      const aimedAt = aim(target)
      if (aimedAt.kind === 'status') return []
      const to = resolve(deps.table(), aimedAt)
      return to.kind === 'users' ? ringable(to.users, presence).map((user) => user.name) : []
    },
    async route(target) {
      const aimedAt = aim(target)
      if (aimedAt.kind === 'status') throw new NoRoute(endingOfStatus(aimedAt.status, 'server'))
      const to = resolve(deps.table(), aimedAt)
      switch (to.kind) {
        case 'users':
          return routeToUsers(deps, { ...to, users: ringable(to.users, presence) })
        case 'outside':
          return routeOutside(to)
        case 'nobody':
          throw new NoRoute(to.ending)
        default:
          return to satisfies never
      }
    },
    usersRung(request) {
      try {
        return rungBy(deps.table(), presence, deps.domain, request).users.map((user) => user.name)
      } catch (error) {
        if (error instanceof NoRoute) return []
        throw error
      }
    },
    async ring(request) {
      const rung = rungBy(deps.table(), presence, deps.domain, request)
      const { callerId, otherwise, goesOn, answerFirst } = request
      const own = [...rung.users.map((user) => user.ringMs), ...rung.outside.map(() => OUTSIDE_RING_MS)]
      const ringMs = request.ringMs ?? Math.max(...own)
      const routed = await routeToUsers(deps, { ringMs, otherwise, ...rung })
      const directed = { ...routed, plan: { ...routed.plan, goesOn, answerFirst } }
      return callerId === null ? directed : { callerId, ...directed }
    },
  }
}

function routeOutside({ uri, trunk }: { uri: string; trunk: string }): Routed {
  const plan: Plan = {
    users: [],
    destinations: [{ kind: 'outside', uri, trunk }],
    ringMs: OUTSIDE_RING_MS,
    graceMs: 0,
    // Nobody accepts by API there.
    secondResponseMs: 0,
    otherwise: { kind: 'outcome' },
    ...DIRECT,
  }
  return { plan, bindings: [], devices: [] }
}

/** Several users at once have one grace and one second response: nobody gets less than its own settings say. */
async function routeToUsers(
  deps: RouterDeps,
  { users, outside, ringMs, otherwise }: Ringing,
): Promise<Routed> {
  const phones = await Promise.all(users.map((user) => phonesOf(deps, user)))
  const plan: Plan = {
    users: users.map((user) => user.name),
    destinations: [
      ...phones.flatMap(({ devices, bindings }) => destinations(devices, bindings, deps.sleepers)),
      ...outside.map((one) => ({ kind: 'outside', ...one }) as const),
    ],
    ringMs,
    graceMs: Math.max(0, ...users.map((user) => user.graceMs)),
    secondResponseMs: Math.max(0, ...users.map((user) => user.secondResponseMs)),
    otherwise,
    ...DIRECT,
  }
  return {
    plan,
    bindings: phones.flatMap((each) => each.bindings),
    devices: phones.flatMap((each) => each.devices),
  }
}

async function phonesOf(
  { store, clock }: RouterDeps,
  { name }: RoutedUser,
): Promise<Pick<Routed, 'devices' | 'bindings'>> {
  const [devices, bindings] = await Promise.all([store.devicesOf(name), store.bindingsOf(name, clock.now())])
  return { devices, bindings }
}
