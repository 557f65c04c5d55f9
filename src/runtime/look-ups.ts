import type { Ending } from '../call/ending.js'
import type { CallEvent } from '../call/event.js'
import type { RouteTarget } from '../call/plan.js'
import type { Routed } from '../routing/router.js'
import type { Callee } from './callee.js'
import { endingOfFailure } from './failure.js'
import type { Guidance, Instructed } from './guidance.js'
import type { CallFacts, Services } from './services.js'

export interface LookUpHooks {
  post(event: CallEvent): void
  /** The call is for these users now. */
  concerns(users: readonly string[]): void
}

/** Where the targets of one call lead: asked of the router, or of the call's instructions. */
export class LookUps {
  /** Of two look-ups the newer one's answer is awaited. */
  private begun = 0

  constructor(
    private readonly services: Pick<Services, 'router'>,
    private readonly call: Pick<CallFacts, 'path'>,
    private readonly callee: Callee,
    /** Of the call, made when it is needed first. */
    private readonly guidance: () => Guidance,
    private readonly hooks: LookUpHooks,
  ) {}

  /** Posts what comes of it: `routed`, `directed` or `route-failed`. */
  begin(target: RouteTarget, after: Ending | null): void {
    const { router } = this.services
    this.begun += 1
    this.callee.goOnTo(target, after)
    const aimed = router.aim(target)
    if (aimed.kind === 'instructions') return this.guide(aimed, target, after)
    // Before the look-up, so that a phone that registers meanwhile is not missed.
    this.hooks.concerns(router.usersOf(target))
    this.answer(router.route(target), (routed) => this.routed(routed))
  }

  /** `by`: the target that led to the instructions. */
  private guide(instructions: Instructed, by: RouteTarget, after: Ending | null): void {
    this.answer(this.guidance().next(instructions, this.services.router.owner(by), after), (next) => {
      if (next.kind === 'routed') this.routed(next.routed)
      else if (next.kind === 'ended') this.hooks.post({ type: 'route-failed', ending: next.ending })
      else this.hooks.post({ type: 'directed', ...next })
    })
  }

  private routed(routed: Routed): void {
    this.callee.goOnWith(routed)
    this.call.path.learn(routed)
    this.hooks.post({ type: 'routed', plan: routed.plan })
  }

  /** A look-up may be overtaken: a phone of the step before answers, its call ends, and the next look-up begins. */
  private answer<T>(found: Promise<T>, take: (found: T) => void): void {
    const { begun } = this
    found.then(
      (what) => {
        if (begun === this.begun) take(what)
      },
      (error: unknown) => {
        if (begun === this.begun) this.hooks.post({ type: 'route-failed', ending: endingOfFailure(error) })
      },
    )
  }
}
