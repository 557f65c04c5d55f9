import type { DialTarget } from './destination.js'
import type { Ending } from './ending.js'
import type { Performance } from './performance.js'
import type { HoldStyle, RouteTarget } from './plan.js'
import type { AttemptId, DeviceLegId, DialId, LegId, PerformanceId, TimerId } from './ids.js'

/** What the machine asks of the world. Data only; the runtime performs them in order. */
export type Effect =
  /**
   * Resolve a target; answered by `routed`, `directed` or `route-failed`. `after`: what became of the target before it;
   * null at the first one, and after a performance.
   */
  | { readonly type: 'route'; readonly target: RouteTarget; readonly after: Ending | null }
  /** Give the caller its first provisional and a media side; answered by `held` or `hold-failed`. */
  | { readonly type: 'hold'; readonly style: HoldStyle }
  /** Repeat the provisional, so that no proxy on the way gives the INVITE up (RFC 3261 §13.3.1.1). */
  | { readonly type: 'reassure-caller' }
  /** A device truly rings: 180 to a caller that was queued. */
  | { readonly type: 'alert-caller' }
  /** Somebody accepted: the caller hears that it is being connected. */
  | { readonly type: 'tell-caller-accepted' }
  /** Somebody accepted: 200 with comfort audio; answered by `caller-answered` or `hold-failed`. */
  | { readonly type: 'answer-caller' }
  /** The caller hears this, and nothing else; answered by `performed`, unless it is stopped. */
  | { readonly type: 'perform'; readonly id: PerformanceId; readonly performance: Performance }
  /** Enough of that: its end is not awaited. */
  | { readonly type: 'stop-performing'; readonly id: PerformanceId }
  /** Somebody is rung for a caller that hears us, and hears no ringback: it does from now on. */
  | { readonly type: 'ring-back' }
  /** The cell phone is to reject its call. Once a call; what it says is told by `primary-rejected` and the like. */
  | { readonly type: 'instruct-primary' }
  /** A device has the call before its caller is there: it hears comfort audio, and is answered where it arrived. */
  | { readonly type: 'comfort'; readonly leg: DeviceLegId }
  /** The caller has not come: the device that waits for it hears so. */
  | { readonly type: 'announce'; readonly leg: DeviceLegId }
  /** Push to the attempt's device; answered by `push-delivered` or `push-refused`. */
  | { readonly type: 'wake'; readonly attempt: AttemptId; readonly deviceId: string }
  /** Stop retrying a push that has not gone out yet. */
  | { readonly type: 'stop-wake'; readonly attempt: AttemptId }
  /** INVITE; answered by `dial-progressed`…, then one of `dial-answered` and `dial-failed`. */
  | { readonly type: 'dial'; readonly dial: DialId; readonly attempt: AttemptId; readonly target: DialTarget }
  /** CANCEL; the dial still answers with `dial-failed` or, where the 200 crossed it, `dial-answered`. */
  | { readonly type: 'cancel-dial'; readonly dial: DialId; readonly reason: string }
  /**
   * Join the two legs, answer the caller where that was not asked before, and the leg where it arrived; answered by
   * `connected` or `connect-failed`.
   */
  | { readonly type: 'connect'; readonly leg: DeviceLegId }
  /** BYE, or a refusal where the leg arrived and has no answer yet; answered by `leg-closed`. */
  | { readonly type: 'hang-up'; readonly leg: LegId; readonly reason: string }
  /** The caller's final answer where nobody is joined to it. */
  | { readonly type: 'reject-caller'; readonly ending: Ending }
  /** Tell a device that was pushed how the call ended, for want of a leg on which to tell it. */
  | {
      readonly type: 'tell-ending'
      readonly attempt: AttemptId
      readonly deviceId: string
      readonly reason: string
    }
  | { readonly type: 'start-timer'; readonly id: TimerId; readonly ms: number }
  | { readonly type: 'stop-timer'; readonly id: TimerId }
  /** The call has ended: write its record. Once a call. */
  | { readonly type: 'end'; readonly ending: Ending }
  /** Nothing of the call is open any more: forget it. Once a call, last. `leaked`: legs that never closed. */
  | { readonly type: 'release'; readonly leaked: readonly LegId[] }
