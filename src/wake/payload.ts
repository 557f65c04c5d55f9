/** The call that a device is told of. */
export interface WakeCall {
  /** Our id of the call, the one in the API and in X-Call-Id. */
  readonly id: string
  /** Call-ID of the INVITE that the device will get, so that an app shows one call and not two. */
  readonly sipCallId: string
  /** The caller: number or SIP URI. */
  readonly from: string
  /** The caller's display name. */
  readonly fromName?: string
  /** The number or user that was called. */
  readonly to: string
  /** Opens this call to this device, for the client API and for SIP (RFC 8898). */
  readonly token: string
  /** Our SDP offer, where the device may answer it in its accept. */
  readonly offer?: string
}

/** Where a woken app turns to. */
export interface AppEntry {
  /** SIP URI of the edge to register on, or to call in to. */
  readonly edge: string
  /** Base URL of the client API. */
  readonly api: string
}

/**
 * What an app gets with a wake-up. The caller is not called `from`: FCM keeps that key for itself.
 *
 * @param deadline end of the hold, microseconds since the epoch; told in seconds, as a token's `exp` is (RFC 7519 §2)
 * @param callsIn no INVITE comes: the app is to send its own, to `sip:<callId>@` the edge, with the token
 */
export function callPayload(
  call: WakeCall,
  { edge, api }: AppEntry,
  deadline: number,
  callsIn = false,
): Readonly<Record<string, unknown>> {
  return {
    callId: call.id,
    sipCallId: call.sipCallId,
    caller: call.from,
    ...(call.fromName === undefined ? {} : { callerName: call.fromName }),
    callee: call.to,
    edge,
    api,
    token: call.token,
    expires: Math.floor(deadline / 1_000_000),
    ...(callsIn ? { delivery: 'call-in' } : {}),
    ...(call.offer === undefined ? {} : { offer: call.offer }),
  }
}

/** What an app gets when a call that it was told of is over. `reason`: value of a Reason header (RFC 3326). */
export function endingPayload(
  call: Pick<WakeCall, 'id' | 'sipCallId'>,
  reason: string,
): Readonly<Record<string, unknown>> {
  return { callId: call.id, sipCallId: call.sipCallId, reason }
}
