import { type Ending, ending } from '../call/ending.js'
import type { CallEvent } from '../call/event.js'
import type { PerformanceId } from '../call/ids.js'
import type { RouteTarget } from '../call/plan.js'
import type { State } from '../call/state.js'
import { direct, type Directed } from '../instructions/direct.js'
import type { CallFacts as ToldFacts } from '../instructions/facts.js'
import type { After, Session } from '../instructions/step.js'
import { diverterOf } from './diversion.js'
import type { Performed } from './performance.js'
import { calleeOf } from './seen-by.js'
import type { CallFacts, Services } from './services.js'

export type Instructed = Extract<RouteTarget, { readonly kind: 'instructions' }>

/** How long an answer may take before the caller is told that it takes long: what is quick needs no tone. */
const SOON_MS = 250

/** Instructions may lead to others by what users have configured; nobody's call needs more of them than this. */
const MOST_SESSIONS = 5

export interface GuidanceHooks {
  state(): State
  /** The call is for these users now. */
  concerns(users: readonly string[]): void
  /** What comes next takes its time. */
  deliberating(): void
}

/** How one call goes by its instructions, where its route names some. */
export class Guidance {
  private readonly sessions: Session[] = []
  /** What the caller hears and dials, and what came of it. */
  private performance: { readonly id: PerformanceId; readonly result?: Performed } | undefined
  private answeredAt: number | undefined
  private bridged: { readonly at: number; readonly to: string | null } | undefined

  constructor(
    private readonly services: Pick<Services, 'instructions' | 'router' | 'clock' | 'log'>,
    private readonly call: CallFacts,
    private readonly hooks: GuidanceHooks,
  ) {}

  /**
   * What the call does next. Rejects with StoreUnavailable.
   *
   * @param by whose settings sent the call here; null: a route did
   * @param after what became of those who were rung; null at the first step, and after a performance
   */
  async next(target: Instructed, by: string | null, after: Ending | null): Promise<Directed> {
    const session = target.step === undefined ? this.begin(target.name, by) : this.sessions.at(-1)
    if (session === undefined) {
      return {
        kind: 'ended',
        ending: ending('not-found', 'server', { detail: `no instructions ${target.name}` }),
      }
    }
    const { router, clock } = this.services
    const stop = clock.after(SOON_MS, () => this.hooks.deliberating())
    try {
      const happened = target.step === undefined ? ({ kind: 'start' } as const) : this.happened(after)
      return await direct({ session, router, concerns: (users) => this.hooks.concerns(users) }, happened)
    } finally {
      stop()
    }
  }

  /** The caller begins to hear this, or to dial. */
  performing(id: PerformanceId): void {
    this.performance = { id }
  }

  /** That is over, or broken off. Its first result counts; a late one is no matter of a later step. */
  performed(id: PerformanceId, result: Performed): void {
    if (this.performance?.id !== id || this.performance.result !== undefined) return
    this.performance = { id, result }
    if (result.problem === undefined) return
    this.services.log.warn({ callId: this.call.id, problem: result.problem }, 'a sound could not be played')
  }

  /** Takes in what has happened to the call. */
  heard(event: CallEvent): void {
    if (event.type !== 'connected' && event.type !== 'caller-answered') return
    const now = this.services.clock.now()
    this.answeredAt ??= now
    if (event.type === 'connected') this.bridged = { at: now, to: calleeOf(this.hooks.state()) }
  }

  /** Whether anybody was asked what the call is to do. */
  get begun(): boolean {
    return this.sessions.length > 0
  }

  /** The call is over. */
  async ended(how: Ending): Promise<void> {
    const answeredMs = this.answeredAt === undefined ? null : this.msSince(this.answeredAt)
    const { bridged } = this
    const talk = bridged === undefined ? null : { ms: this.msSince(bridged.at), to: bridged.to }
    await Promise.all(this.sessions.map((session) => session.ended({ ending: how, answeredMs, talk })))
  }

  private begin(name: string, by: string | null): Session | undefined {
    if (this.sessions.length >= MOST_SESSIONS) return undefined
    const session = this.services.instructions.begin(name, this.told(by))
    if (session !== undefined) this.sessions.push(session)
    return session
  }

  private happened(after: Ending | null): After {
    const { performance, bridged } = this
    this.performance = undefined
    this.bridged = undefined
    if (after === null) return { kind: 'performed', result: performance?.result ?? { finished: false } }
    const bridgedMs = bridged === undefined ? 0 : this.msSince(bridged.at)
    return { kind: 'rung', ending: after, bridgedMs, to: bridged?.to ?? null }
  }

  private told(by: string | null): ToldFacts {
    const { id, called, origin } = this.call
    const state = this.hooks.state()
    return {
      ...{ id, to: called, trunk: origin.trunk, user: by },
      from: origin.identity.user,
      fromName: origin.identity.name,
      fromClient: origin.client !== null,
      forwardedFrom: diverterOf(origin.request),
      answered: state.phase !== 'new' && (state.caller === 'open' || state.caller === 'answering'),
    }
  }

  private msSince(at: number): number {
    return Math.round((this.services.clock.now() - at) / 1000)
  }
}
