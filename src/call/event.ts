import type { Arrival } from './destination.js'
import type { Ending } from './ending.js'
import type { Performance } from './performance.js'
import type { AcceptStyle, HoldStyle, InstructWhen, Plan, RouteTarget } from './plan.js'
import type { ArrivingId, AttemptId, DialId, LegId, PerformanceId, TimerId } from './ids.js'

/** Everything that can happen to a call. The runtime stamps the time and keeps them as the call's journal. */
export type CallEvent =
  /** The caller's INVITE. The first event, unless that is `reported`, and never a later one. */
  | {
      readonly type: 'invited'
      readonly target: RouteTarget
      readonly hold: HoldStyle
      readonly accept: AcceptStyle
    }
  /**
   * In the stead of `invited`: a call rings at the subscriber's cell phone, outside our network. Its caller is expected,
   * by the forwarding of the carrier. `patienceMs`: how long once the phone was told to reject, or did so by itself.
   */
  | {
      readonly type: 'reported'
      readonly target: RouteTarget
      readonly hold: HoldStyle
      readonly accept: AcceptStyle
      readonly instruct: InstructWhen
      readonly patienceMs: number
    }
  /** The INVITE of the expected caller is here. */
  | { readonly type: 'forwarded' }
  /** The cell phone has rejected its call, told to or not. */
  | { readonly type: 'primary-rejected' }
  | { readonly type: 'primary-answered' }
  /** The cell phone stopped ringing. */
  | { readonly type: 'primary-ended' }
  /** The cell phone cannot reject. */
  | { readonly type: 'primary-failed' }
  | { readonly type: 'routed'; readonly plan: Plan }
  | { readonly type: 'route-failed'; readonly ending: Ending }
  /** The look-up takes time, since somebody else is asked: the caller is held meanwhile. */
  | { readonly type: 'deliberating' }
  /**
   * In the stead of `routed`: something is performed for the caller, which is answered before where `answer` says so,
   * and then the call goes on to `next`; at the latest `limitMs` from now, whatever has come of it.
   */
  | {
      readonly type: 'directed'
      readonly performance: Performance
      readonly answer: boolean
      readonly limitMs: number
      readonly next: RouteTarget
    }
  /** A performance has come to its end. */
  | { readonly type: 'performed'; readonly performance: PerformanceId }
  /** The caller is held: it has its provisional, and its media side stands. */
  | { readonly type: 'held' }
  /** The caller has no provisional or no media side; where its 200 was being sent ahead of a device, that failed too. */
  | { readonly type: 'hold-failed'; readonly ending: Ending }
  /** The caller has its 200, ahead of any device. */
  | { readonly type: 'caller-answered' }
  | { readonly type: 'caller-cancelled'; readonly reason?: string }
  /** The push service took the push. */
  | { readonly type: 'push-delivered'; readonly attempt: AttemptId }
  /** No push will come through to this device for this call. */
  | {
      readonly type: 'push-refused'
      readonly attempt: AttemptId
      readonly gone: boolean
      readonly detail: string
    }
  /** A phone of a user of the call has registered, and its REGISTER got a 2xx. */
  | ({ readonly type: 'registered' } & Arrival)
  /** The user said yes by API, ahead of any SIP (first response); how its device comes to the call is awaited. */
  | { readonly type: 'accepted'; readonly attempt: AttemptId }
  /** The user said no by API. `redirect`: where it sends the call to instead. */
  | {
      readonly type: 'declined'
      readonly attempt: AttemptId
      readonly status: number
      readonly reason?: string
      readonly redirect?: RouteTarget
    }
  /** A device opened a leg to us: an INVITE of its own, or media after an accept that carried its SDP. */
  | { readonly type: 'leg-arrived'; readonly leg: ArrivingId; readonly attempt: AttemptId }
  /** The dialled side gave a sign of life: any 1xx. */
  | { readonly type: 'dial-progressed'; readonly dial: DialId; readonly status: number }
  | { readonly type: 'dial-answered'; readonly dial: DialId }
  | { readonly type: 'dial-failed'; readonly dial: DialId; readonly status: number; readonly reason?: string }
  /** The two legs are joined and the caller has its 200. */
  | { readonly type: 'connected' }
  | { readonly type: 'connect-failed'; readonly ending: Ending }
  /** A leg is over, by a BYE of either side; the answer to `hang-up` as well. */
  | { readonly type: 'leg-closed'; readonly leg: LegId; readonly reason?: string }
  | { readonly type: 'media-timeout' }
  | { readonly type: 'timer'; readonly id: TimerId }
  /** A gateway is gone, and these legs of the call with it. */
  | { readonly type: 'signaling-lost'; readonly legs: readonly LegId[] }
  /** The media engine is gone; the legs still stand. */
  | { readonly type: 'media-lost' }
  /** The server has waited for its live calls long enough. */
  | { readonly type: 'drained' }

export type CallEventType = CallEvent['type']
