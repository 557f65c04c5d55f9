import { ending, endingOfStatus } from '../call/ending.js'
import type { Otherwise, RouteTarget } from '../call/plan.js'
import type { Source } from '../config/index.js'
import type { Log } from '../ports/log.js'
import { callStatusOf, type CallStatus, type Occasion, ringStatusOf, unansweredStatusOf } from './facts.js'
import type { Stage, Staged } from './performances.js'
import { Script, type ScriptDeps } from './script.js'
import type { After, Next, Over, Session } from './step.js'
import type { Gather, Ring, Verb } from './verbs.js'
import { isFault } from './web/webhook.js'

export interface SessionDeps extends ScriptDeps {
  /** The target by which the call came here. */
  readonly name: string
  readonly stage: Stage
  readonly log: Log
}

/** What was asked of the call, and is not answered yet. */
type Pending =
  /** `turn`: which of those it is at who are rung in turn. */
  | { readonly kind: 'ring'; readonly verb: Ring; readonly turn: number }
  | { readonly kind: 'gather'; readonly verb: Gather }
  | { readonly kind: 'nothing' }

export class CallSession implements Session {
  private readonly script: Script
  private pending: Pending = { kind: 'nothing' }
  private answered: boolean
  private step = 0
  private readonly over = new AbortController()

  constructor(
    private readonly first: Source,
    private readonly deps: SessionDeps,
  ) {
    this.answered = deps.call.answered
    this.script = new Script(first, deps, this.over.signal)
  }

  async next(after: After): Promise<Next> {
    try {
      return (await this.resume(after)) ?? (await this.goOn())
    } catch (error) {
      return this.lost(error)
    }
  }

  async ended(over: Over): Promise<void> {
    this.over.abort()
    const { pending } = this
    this.pending = { kind: 'nothing' }
    // The status callback has the last word.
    await this.tellRung(pending, over)
    await this.tellEnded(over)
  }

  /** An action of those who were rung is told what became of them by a caller who is gone, too. */
  private async tellRung(pending: Pending, { ending: how, answeredMs, talk }: Over): Promise<void> {
    if (pending.kind !== 'ring' || pending.verb.action === null) return
    const status = talk === null ? unansweredStatusOf(how) : 'completed'
    const result = { status, bridgedMs: talk?.ms ?? 0, to: talk?.to ?? null }
    const callStatus = callStatusOf(how, answeredMs !== null)
    await this.telling(
      this.script.tell(pending.verb.action, { kind: 'rung', result }, callStatus),
      'an action',
    )
  }

  private async tellEnded({ ending: how, answeredMs }: Over): Promise<void> {
    const { first, deps } = this
    if (first.kind === 'do' || first.statusCallback === null) return
    const occasion: Occasion = { kind: 'ended', ending: how, durationMs: answeredMs ?? 0 }
    const told = this.script.told(occasion, callStatusOf(how, answeredMs !== null))
    const page = { url: new URL(first.statusCallback), method: 'POST' } as const
    await this.telling(deps.webhook(first).tell(page, told), 'a status callback')
  }

  private async telling(told: Promise<void>, whom: string): Promise<void> {
    try {
      await told
    } catch (error) {
      this.deps.log.warn({ err: error, callId: this.deps.call.id }, `${whom} could not be told`)
    }
  }

  /** Takes in what has happened. What is returned is to be done before the next verb. */
  private async resume(after: After): Promise<Next | undefined> {
    const { pending } = this
    this.pending = { kind: 'nothing' }
    switch (after.kind) {
      case 'start':
        await this.script.open(this.first, { kind: 'start' }, this.status)
        return undefined
      case 'rung':
        return this.rung(pending, after)
      case 'performed':
        return this.performed(pending, after.result)
      default:
        return after satisfies never
    }
  }

  private async rung(pending: Pending, after: Extract<After, { kind: 'rung' }>): Promise<Next | undefined> {
    if (pending.kind !== 'ring') return undefined
    const { verb, turn } = pending
    const status = ringStatusOf(after.ending, after.bridgedMs)
    if (status === 'completed') this.answered = true
    else if (verb.strategy === 'in-turn' && turn + 1 < verb.to.length) return this.ring(verb, turn + 1)
    const { bridgedMs, to } = after
    const result = { status, bridgedMs, to }
    if (verb.action !== null) await this.script.goTo(verb.action, { kind: 'rung', result }, this.status)
    return undefined
  }

  private async performed(
    pending: Pending,
    { digits = '', finishedOn }: Extract<After, { kind: 'performed' }>['result'],
  ): Promise<undefined> {
    if (pending.kind !== 'gather') return
    const { action, choices, actionOnEmpty } = pending.verb
    const result = { digits, finishedOn: finishedOn ?? null }
    const choice = choices?.get(digits)
    if (choice !== undefined) await this.script.goTo(choice, { kind: 'gathered', result }, this.status)
    else if (action !== null && (digits !== '' || actionOnEmpty)) {
      await this.script.goTo(action, { kind: 'gathered', result }, this.status)
    }
  }

  /** Verb by verb, up to one that takes time. */
  private async goOn(): Promise<Next> {
    for (;;) {
      const verb = this.script.take()
      if (verb === undefined) return this.hangUp('the instructions are at their end')
      const next = await this.perform(verb)
      if (next !== undefined) return next
    }
  }

  /** Undefined where it takes no time of the caller's. */
  private async perform(verb: Verb): Promise<Next | undefined> {
    const { stage } = this.deps
    const { base } = this.script
    switch (verb.verb) {
      case 'ring':
        return this.ring(verb, 0)
      case 'play': {
        const staged = await stage.play(verb, base)
        return staged === null ? undefined : this.staged(staged, verb.answer)
      }
      case 'pause':
        return this.staged(stage.pause(verb.ms), false)
      case 'gather':
        this.pending = { kind: 'gather', verb }
        return this.staged(await stage.gather(verb, base, this.over.signal), verb.answer)
      case 'redirect':
        await this.script.goTo(verb.to, { kind: 'redirected' }, this.status)
        return undefined
      case 'reject':
        return {
          kind: 'end',
          ending: this.answered ? ending('hung-up', 'server') : endingOfStatus(verb.status, 'server'),
        }
      case 'hang-up':
        return this.hangUp('the instructions hung up')
      default:
        return verb satisfies never
    }
  }

  private staged({ performance, limitMs }: Staged, answer: boolean): Next {
    this.answered ||= answer
    return { kind: 'perform', performance, answer, limitMs, next: this.here() }
  }

  private ring(verb: Ring, turn: number): Next {
    this.pending = { kind: 'ring', verb, turn }
    const inTurn = verb.strategy === 'in-turn'
    const more = inTurn && turn + 1 < verb.to.length
    // After the last word the call is as any other: it ends with its bridge, or by what the callees came to.
    const last = verb.action === null && this.script.atEnd
    const here = this.here()
    const otherwise: Otherwise = last && !more ? { kind: 'outcome' } : { kind: 'target', target: here }
    const answerFirst = verb.answerFirst && !this.answered
    this.answered ||= verb.answerFirst
    return {
      kind: 'ring',
      ring: {
        to: inTurn ? verb.to.slice(turn, turn + 1) : verb.to,
        ...{ ringMs: verb.timeoutMs, callerId: verb.callerId, unless: verb.unless },
        trunk: this.script.source.trunk ?? this.deps.call.trunk,
        ...{ answerFirst, otherwise, goesOn: last ? null : here },
      },
    }
  }

  /** An answered caller is hung up on; another one gets 480. */
  private hangUp(detail: string): Next {
    return { kind: 'end', ending: ending(this.answered ? 'hung-up' : 'no-answer', 'server', { detail }) }
  }

  /** Where the call comes back to. */
  private here(): RouteTarget {
    return { kind: 'instructions', name: this.deps.name, step: ++this.step }
  }

  private get status(): CallStatus {
    return this.answered ? 'in-progress' : 'ringing'
  }

  /** What is wrong with instructions ends them: the call goes where they say otherwise, or to its end. */
  private lost(error: unknown): Next {
    const { call, log, name } = this.deps
    if (this.over.signal.aborted) return { kind: 'end', ending: ending('cancelled', 'caller') }
    const detail = error instanceof Error ? error.message : String(error)
    if (isFault(error))
      log.warn({ callId: call.id, instructions: name, reason: detail }, 'instructions could not be had')
    else log.error({ err: error, callId: call.id, instructions: name }, 'instructions failed')
    const { otherwise } = this.script.source
    if (otherwise === null) {
      const status = this.answered ? 200 : 503
      return {
        kind: 'end',
        ending: ending('failed', 'server', { status, detail: `instructions ${name}: ${detail}` }),
      }
    }
    return otherwise.kind === 'status'
      ? { kind: 'end', ending: endingOfStatus(otherwise.status, 'server', { detail }) }
      : { kind: 'otherwise', target: otherwise }
  }
}
