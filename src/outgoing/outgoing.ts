import type { CountryCode } from 'libphonenumber-js'
import type { RouteTarget } from '../call/plan.js'
import type { CallingPolicy, CallingRefusal, CallingRefusalReason } from '../ports/client-calls.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import { begins } from '../routing/dialled.js'
import { type Outside, outsideNumber } from '../routing/outside.js'
import type { CallerTerms, RoutingTable } from '../routing/table.js'
import { callerIdOf } from './caller-id.js'
import { readDestination, type Wanted } from './destination.js'
import { CallLimits, type PrefixLimit } from './limits.js'
import { permits } from './permit.js'
import { refuse } from './refusal.js'

/** The configuration of calls out. */
export interface OutgoingSettings extends Pick<CallerTerms, 'ringback' | 'tone' | 'accept'> {
  /** Name of the trunk that is taken where the policy names none. */
  readonly trunk?: string
  readonly country?: CountryCode
  /** Shown for who has no number of its own. */
  readonly callerId?: string
  /** Calls at once of one client whose policy does not say. */
  readonly calls: number
  /** Attempts of one client. */
  readonly perMinute: number
  /** Patterns of numbers that nobody may call. */
  readonly block: readonly string[]
  readonly limits: readonly PrefixLimit[]
}

/** A client whose identity is proven asks for a call. */
export interface CallingRequest {
  /** The name that it calls as. */
  readonly user: string
  /** Undefined where it may call nobody. */
  readonly policy: CallingPolicy | undefined
  readonly to: string
  /** A number to show, or `anonymous`. */
  readonly callerId: string | undefined
  /** A name to show; null: none, or the configured one. */
  readonly name: string | null
}

/** A call that a client may make. */
export interface Permitted {
  readonly kind: 'permitted'
  /** The name of the client that calls. */
  readonly client: string
  /** The number or name that is called. */
  readonly called: string
  readonly target: RouteTarget
  /** Whom the callee sees; `user` null: nobody. */
  readonly identity: { readonly user: string | null; readonly name: string | null }
  /** The number that a trunk which trusts us is told (RFC 3325); null: none. */
  readonly asserted: string | null
  readonly terms: CallerTerms
  /** To be called when the call is over. */
  readonly done: () => void
}

export interface OutgoingDeps {
  readonly settings: () => OutgoingSettings
  readonly table: () => RoutingTable
  /** Names of all trunks. */
  readonly trunks: () => readonly string[]
  /** What is configured under a name, for show. */
  readonly displayName: (user: string) => string | undefined
  /** A call was refused, for the metric. */
  readonly refused: (why: CallingRefusalReason) => void
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
}

type Numbered = Extract<Wanted, { kind: 'number' }>

/** Decides who may call whom, and counts it. */
export class Outgoing {
  readonly #limits: CallLimits

  constructor(private readonly deps: OutgoingDeps) {
    this.#limits = new CallLimits(deps.clock)
  }

  /** Lets a client call, or says why not; each refusal is logged and counted. */
  permit(request: CallingRequest): Permitted | CallingRefusal {
    const outcome = this.#decide(request)
    return outcome.kind === 'refused' ? this.refused(outcome, request) : outcome
  }

  /** Logs and counts a refusal. */
  refused(refusal: CallingRefusal, { user, to }: Pick<CallingRequest, 'user' | 'to'>): CallingRefusal {
    const { why, detail } = refusal
    this.deps.refused(why)
    this.deps.log.warn({ client: user, to, why, detail }, 'a call of a client was refused')
    return refusal
  }

  #decide(request: CallingRequest): Permitted | CallingRefusal {
    const { user, policy, to } = request
    const { calls, perMinute, limits, country, block } = this.deps.settings()
    const tooOften = this.#limits.attempt(user, perMinute)
    if (tooOften !== undefined) return tooOften
    if (policy === undefined) return refuse('grant-missing', `${user} has no grant outgoing`)
    const read = readDestination(to, country)
    if (read === undefined) return refuse('destination-unknown', 'neither a number nor a name')
    const wanted = this.#kindOf(read)
    if (wanted.kind === 'number' && block.some((pattern) => begins(pattern, wanted))) {
      return refuse('destination-blocked', `${wanted.number} is on the block list`)
    }
    const inside = wanted.kind === 'number' ? this.#inside(wanted, policy) : targetNamed(wanted)
    if (!permits(policy.to, wanted) && !isPermittedOwner(policy, inside)) {
      return refuse('destination-not-allowed', `${nameOf(wanted)} is not among the destinations of the grant`)
    }
    const place = inside ?? this.#outside(wanted as Numbered, policy)
    if ('why' in place) return place
    const shown = this.#show(request, policy, place)
    if ('why' in shown) return shown
    const begun = this.#limits.begin({ client: user, calls: policy.calls ?? calls, wanted, prefixes: limits })
    if (typeof begun !== 'function') return begun
    return {
      kind: 'permitted',
      client: user,
      called: nameOf(wanted),
      target: place,
      terms: this.#terms(),
      done: begun,
      ...shown,
    }
  }

  /** A bare name is a group's where there is such a group. */
  #kindOf(read: Wanted): Exclude<Wanted, { kind: 'name' }> {
    if (read.kind !== 'name') return read
    return { kind: this.deps.table().group(read.name) === undefined ? 'user' : 'group', name: read.name }
  }

  /** Where a number leads within: a route that goes out by another trunk than the caller's is none for it. */
  #inside({ number, dialled }: Numbered, policy: CallingPolicy): RouteTarget | undefined {
    const table = this.deps.table()
    for (const called of new Set([number, dialled])) {
      const to = table.inside(called)
      if (to === undefined) continue
      if (to.kind === 'outside' && policy.trunk !== undefined && to.trunk !== policy.trunk) continue
      return to.kind === 'status' ? { kind: 'number', number: called } : to
    }
    return undefined
  }

  #outside({ number }: Numbered, policy: CallingPolicy): RouteTarget | CallingRefusal {
    const { settings, table, trunks } = this.deps
    const candidates = (name: string): Outside[] => {
      const one = outsideNumber(table().trunk(name), number)
      return one === undefined ? [] : [one]
    }
    const named = policy.trunk ?? settings().trunk
    const ways = named === undefined ? trunks().flatMap(candidates) : candidates(named)
    const [way, ...more] = ways
    if (way === undefined || more.length > 0) {
      return refuse('destination-unknown', `no one trunk leads to ${number}`)
    }
    return { kind: 'outside', ...way }
  }

  /** Within, a client is called by its name, which can be called back; outside, by a number. */
  #show(
    { user, callerId: asked, name }: CallingRequest,
    policy: CallingPolicy,
    place: RouteTarget,
  ): Pick<Permitted, 'identity' | 'asserted'> | CallingRefusal {
    const { settings, table, displayName } = this.deps
    const { country, callerId } = settings()
    const own = [...(policy.callerIds ?? []), ...(table().user(user)?.numbers ?? [])]
    const numbers = own.length > 0 || callerId === undefined ? own : [callerId]
    const shown = callerIdOf({ numbers, asked, country })
    if (shown === undefined) return refuse('caller-id-not-allowed', `${user} may not show ${String(asked)}`)
    const { asserted, withheld } = shown
    const within = place.kind !== 'outside' && asked === undefined
    const seen = within ? user : asserted
    return {
      identity: withheld || seen === null ? NOBODY : { user: seen, name: name ?? displayName(user) ?? null },
      asserted,
    }
  }

  #terms(): CallerTerms {
    const { ringback, tone, accept } = this.deps.settings()
    return { ringback, tone, accept, trusted: false }
  }
}

const NOBODY = { user: null, name: null } as const

function targetNamed(wanted: Exclude<Wanted, { kind: 'name' | 'number' }>): RouteTarget {
  return wanted.kind === 'group'
    ? { kind: 'group', group: wanted.name }
    : { kind: 'client', client: wanted.name }
}

/** Who may call a user or group may do so by its numbers. */
function isPermittedOwner({ to }: CallingPolicy, target: RouteTarget | undefined): boolean {
  switch (target?.kind) {
    case 'user':
      return permits(to, { kind: 'user', name: target.user })
    case 'group':
      return permits(to, { kind: 'group', name: target.group })
    default:
      return false
  }
}

function nameOf(wanted: Exclude<Wanted, { kind: 'name' }>): string {
  return wanted.kind === 'number' ? wanted.number : wanted.name
}
