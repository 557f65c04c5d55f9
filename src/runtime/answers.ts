import type { AttemptId, DeviceLegId } from '../call/ids.js'
import type { RouteTarget } from '../call/plan.js'
import type { State } from '../call/state.js'
import type {
  Accept,
  CallRefusal,
  CallRefusalReason,
  CallView,
  Decline,
  RedirectTarget,
} from '../ports/call-control.js'
import { MediaError, type MediaEndpoint } from '../ports/media.js'
import type { CallEvent } from '../call/event.js'
import { redirectAllowed } from '../routing/redirect.js'
import type { RoutingTable } from '../routing/table.js'
import { quote } from '../sip-text/scan.js'
import { attemptOf, stateSeenBy, userOf, winnerOf } from './seen-by.js'
import type { PushOffers } from './push-offers.js'
import type { CallFacts } from './services.js'

/** The call that devices speak to by API, as far as that concerns them. */
export interface AnsweredCall extends CallFacts {
  readonly startedAt: number
  readonly state: State
  /** The attempt that has, or had, the call. */
  readonly winner: AttemptId | undefined
  /** Whether an attempt was joined to the caller, at any time. */
  talked(attempt: AttemptId): boolean
  /** When the call, or its second response, is given up; microseconds since the epoch. */
  readonly deadline: number
  readonly offers: PushOffers
  post(event: CallEvent): void
  /** Makes a leg of media alone, and posts its arrival. */
  arriveOffered(attempt: AttemptId, endpoint: MediaEndpoint, deviceId: string): void
  /** A device hangs up by API. */
  hungUp(leg: DeviceLegId): Promise<void>
}

/** The Reason of a user's word by API: the status that the caller gets (RFC 3326). */
const DECLINES = {
  busy: { status: 486, text: 'Busy' },
  reject: { status: 603, text: 'Declined' },
  message: { status: 603, text: 'Declined' },
  // A deflection (RFC 5806 §6.1), which is what a refusal becomes that goes on to somebody else.
  redirect: { status: 603, text: 'Redirected' },
} as const

/** Longest message for the caller, in characters: a header line has to stay one that everybody takes. */
const LONGEST_MESSAGE = 200

/** What the devices of one call say by API, ahead of SIP or without it. */
export class Answers {
  /** What each device has said, so that the same once more (an HTTP retry) gets the same answer. */
  private readonly said = new Map<
    string,
    { readonly word: string; readonly result: Promise<CallView | CallRefusal> }
  >()

  constructor(
    private readonly call: AnsweredCall,
    private readonly table: () => RoutingTable,
  ) {}

  view(deviceId: string): CallView | CallRefusal {
    const state = this.call.state
    const attempt = attemptOf(state, deviceId)
    if (attempt === undefined) return this.notInvited(deviceId)
    const seen = stateSeenBy(state, attempt, this.call.talked(attempt))
    return {
      yours: this.call.winner === attempt,
      deadline: seen.state === 'ringing' || seen.state === 'accepted' ? this.call.deadline : null,
      ...seenByAll(this.call),
      ...seen,
    }
  }

  accept(deviceId: string, { sdp }: Accept): Promise<CallView | CallRefusal> {
    return this.once(deviceId, `accept ${sdp ?? ''}`, async (attempt) => {
      if (sdp !== undefined) return this.acceptMedia(deviceId, attempt, sdp)
      this.call.post({ type: 'accepted', attempt })
      return this.wonBy(deviceId, attempt)
    })
  }

  decline(deviceId: string, decline: Decline): Promise<CallView | CallRefusal> {
    return this.once(deviceId, `decline ${JSON.stringify(decline)}`, (attempt) => {
      const redirect = decline.reason === 'redirect' ? this.redirectOf(deviceId, decline.to) : undefined
      if (redirect !== undefined && 'why' in redirect) return redirect
      const { status, text } = DECLINES[decline.reason]
      const said = decline.reason === 'message' ? decline.message.slice(0, LONGEST_MESSAGE) : text
      this.call.post({
        type: 'declined',
        attempt,
        status,
        reason: `SIP;cause=${status};text=${quote(said)}`,
        ...(redirect === undefined ? {} : { redirect }),
      })
      return this.view(deviceId)
    })
  }

  async hangUp(deviceId: string): Promise<CallView | CallRefusal> {
    const state = this.call.state
    const attempt = attemptOf(state, deviceId)
    if (attempt === undefined) return this.notInvited(deviceId)
    if (state.phase === 'ended') return this.view(deviceId)
    if (winnerOf(state) !== attempt)
      return this.refused('answered-elsewhere', 'this device has not accepted the call')
    if (state.phase === 'connecting' || state.phase === 'bridged') await this.call.hungUp(state.winner)
    else this.call.post({ type: 'declined', attempt, status: 603, reason: 'SIP;cause=603;text="Declined"' })
    return this.view(deviceId)
  }

  /** Media flows before the answer to the accept goes out. */
  private async acceptMedia(
    deviceId: string,
    attempt: AttemptId,
    sdp: string,
  ): Promise<CallView | CallRefusal> {
    const { offers } = this.call
    const offered = offers.take(attempt)
    if (offered === undefined)
      return this.refused('not-acceptable', 'the push of this device carried no offer')
    const endpoint = await offered
    try {
      await endpoint.accept(sdp)
    } catch (error) {
      if (!(error instanceof MediaError) || error.code !== 'not-acceptable') throw error
      await offers.giveBack(attempt, endpoint)
      return this.refused('not-acceptable', error.message)
    }
    this.call.arriveOffered(attempt, endpoint, deviceId)
    return this.wonBy(deviceId, attempt)
  }

  private wonBy(deviceId: string, attempt: AttemptId): CallView | CallRefusal {
    const state = this.call.state
    if (winnerOf(state) === attempt) return this.view(deviceId)
    return state.phase === 'ended'
      ? this.refused('ended', 'the call is over')
      : this.refused('answered-elsewhere', 'another device has the call, or it went on to another target')
  }

  /** A refusal for what was sent may be mended and tried again; a word that was taken stands. */
  private once(
    deviceId: string,
    word: string,
    say: (attempt: AttemptId) => CallView | CallRefusal | Promise<CallView | CallRefusal>,
  ): Promise<CallView | CallRefusal> {
    const before = this.said.get(deviceId)
    if (before?.word === word) return before.result
    if (before !== undefined) {
      return Promise.resolve(this.refused('already-answered', 'this device has answered in another way'))
    }
    const state = this.call.state
    const attempt = attemptOf(state, deviceId)
    if (attempt === undefined) return Promise.resolve(this.notInvited(deviceId))
    if (state.phase === 'ended') return Promise.resolve(this.refused('ended', 'the call is over'))
    const result = Promise.resolve(say(attempt)).then(
      (told) => {
        if (told.kind === 'refused') this.said.delete(deviceId)
        return told
      },
      (error: unknown) => {
        this.said.delete(deviceId)
        throw error
      },
    )
    this.said.set(deviceId, { word, result })
    return result
  }

  private redirectOf(deviceId: string, to: RedirectTarget): RouteTarget | CallRefusal {
    const user = userOf(this.call.state, deviceId)
    const target = user === undefined ? undefined : redirectAllowed(this.table(), user, to)
    return (
      target ??
      this.refused('redirect-not-allowed', 'the configuration does not let this user send calls there')
    )
  }

  private notInvited(deviceId: string): CallRefusal {
    return this.refused('not-invited', `call ${this.call.id} is none of device ${deviceId}`)
  }

  private refused(why: CallRefusalReason, detail: string): CallRefusal {
    const state = this.call.state
    return { kind: 'refused', why, detail, ...(state.phase === 'ended' ? { ending: state.ending } : {}) }
  }
}

/** What every device sees alike of a call, at any time. */
export function seenByAll({
  id,
  origin,
  called,
  startedAt,
}: Pick<AnsweredCall, 'id' | 'origin' | 'called' | 'startedAt'>): Pick<
  CallView,
  'kind' | 'callId' | 'caller' | 'callerName' | 'callee' | 'startedAt'
> {
  return {
    kind: 'call',
    callId: id,
    caller: origin.identity.user ?? 'anonymous',
    callerName: origin.identity.name,
    callee: called,
    startedAt,
  }
}
