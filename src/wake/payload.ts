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
}

/**
 * What an app gets with a wake-up. The caller is not called `from`: FCM keeps that key for itself.
 *
 * @param edge SIP URI of the edge to register on
 */
export function callPayload(call: WakeCall, edge: string): Readonly<Record<string, unknown>> {
  return {
    callId: call.id,
    sipCallId: call.sipCallId,
    caller: call.from,
    ...(call.fromName === undefined ? {} : { callerName: call.fromName }),
    callee: call.to,
    edge,
  }
}

/** What an app gets when a call that it was told of is over. `reason`: value of a Reason header (RFC 3326). */
export function endingPayload(
  call: Pick<WakeCall, 'id' | 'sipCallId'>,
  reason: string,
): Readonly<Record<string, unknown>> {
  return { callId: call.id, sipCallId: call.sipCallId, reason }
}
