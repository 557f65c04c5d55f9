/**
 * Problem types (RFC 9457 §3.1.1): the status of each, and what it means. Clients tell errors apart by type: a type
 * keeps its meaning for ever. `/problems/{type}` shows the text that stands here.
 */
export interface ProblemTypeInfo {
  readonly status: number
  readonly title: string
  readonly meaning: string
}

export const PROBLEM_TYPES = {
  'bad-request': {
    status: 400,
    title: 'Bad Request',
    meaning:
      'The request is not understood; `errors` names the field or parameter and what is wrong with it.',
  },
  unauthorized: {
    status: 401,
    title: 'Unauthorized',
    meaning: 'The admin API needs the admin token, as `Authorization: Bearer`.',
  },
  'token-missing': {
    status: 401,
    title: 'Token Missing',
    meaning: 'The request has no `Authorization: Bearer` with a token of the kind that the operation takes.',
  },
  'token-invalid': {
    status: 401,
    title: 'Token Invalid',
    meaning: 'The token is none of ours, was altered, is of another kind, or was revoked. Ask for a new one.',
  },
  'token-expired': {
    status: 401,
    title: 'Token Expired',
    meaning:
      'The token was good and is not any more: a call token ends with the time that the caller is held.',
  },
  forbidden: { status: 403, title: 'Forbidden', meaning: 'Not for you.' },
  'token-used': {
    status: 403,
    title: 'Token Used',
    meaning: 'The token was good for one use, and this device has answered with it already, in another way.',
  },
  'token-foreign': {
    status: 403,
    title: 'Token Foreign',
    meaning: 'The token is good, but for another call, device, invitation or user.',
  },
  'grant-missing': {
    status: 403,
    title: 'Grant Missing',
    meaning: 'The client token does not have the grant that `grant` names.',
  },
  'redirect-not-allowed': {
    status: 403,
    title: 'Redirect Not Allowed',
    meaning: 'The configuration does not let this user redirect calls to there.',
  },
  'destination-not-allowed': {
    status: 403,
    title: 'Destination Not Allowed',
    meaning: 'The grant `outgoing` does not let the client call there.',
  },
  'destination-blocked': {
    status: 403,
    title: 'Destination Blocked',
    meaning: 'The configuration lets nobody call there.',
  },
  'caller-id-not-allowed': {
    status: 403,
    title: 'Caller ID Not Allowed',
    meaning: 'The client may not show this number.',
  },
  'admin-disabled': {
    status: 403,
    title: 'Admin API Disabled',
    meaning: 'Without a configured admin token the admin API is open on loopback only.',
  },
  'not-found': { status: 404, title: 'Not Found', meaning: 'There is nothing at this address.' },
  'call-not-found': {
    status: 404,
    title: 'Call Not Found',
    meaning: 'There is no such call, or it ended so long ago that it is not known any more.',
  },
  'destination-unknown': {
    status: 404,
    title: 'Destination Unknown',
    meaning: 'The destination is neither a number nor a name, or no trunk leads there.',
  },
  'device-not-found': {
    status: 404,
    title: 'Device Not Found',
    meaning: 'The user of the token has no such device.',
  },
  'invitation-not-found': {
    status: 404,
    title: 'Invitation Not Found',
    meaning: 'There is no such invitation, or it ended so long ago that it is not known any more.',
  },
  'primary-call-not-found': {
    status: 404,
    title: 'Primary Call Not Found',
    meaning: 'There is no such primary call.',
  },
  'subscriber-not-found': {
    status: 404,
    title: 'Subscriber Not Found',
    meaning: 'No subscriber with that number is configured.',
  },
  'user-not-found': { status: 404, title: 'User Not Found', meaning: 'Nobody of that name is configured.' },
  'method-not-allowed': {
    status: 405,
    title: 'Method Not Allowed',
    meaning: 'The resource exists, but not this method; `Allow` lists those that do.',
  },
  timeout: { status: 408, title: 'Request Timeout', meaning: 'The request took too long to arrive.' },
  'call-answered-elsewhere': {
    status: 409,
    title: 'Call Answered Elsewhere',
    meaning: 'Another device of the call was faster. Stop ringing, and do not show a missed call.',
  },
  'call-not-connected': {
    status: 409,
    title: 'Call Not Connected',
    meaning: 'Nobody has answered the call yet, or the other side does not take it.',
  },
  'device-conflict': {
    status: 409,
    title: 'Device Conflict',
    meaning: 'The device id or the push address belongs to another user.',
  },
  'invitation-conflict': {
    status: 409,
    title: 'Invitation Conflict',
    meaning: 'The invitation is in a state in which this cannot be done to it.',
  },
  'forwarding-not-registered': {
    status: 409,
    title: 'Forwarding Not Registered',
    meaning:
      'The conditional forwarding of the cell phone is not known to point at its DID, so that a rejected call would be ' +
      'lost. Dial the codes of `GET /v1/subscribers/{number}/forwarding` and report it, or test it.',
  },
  'forwarding-not-testable': {
    status: 409,
    title: 'Forwarding Not Testable',
    meaning: 'No trunk for test calls is configured for this subscriber.',
  },
  'call-ended': {
    status: 410,
    title: 'Call Ended',
    meaning: 'The call is over; `ending` says why and how.',
  },
  'invitation-ended': {
    status: 410,
    title: 'Invitation Ended',
    meaning: 'The invitation is over: cancelled, expired, or the initiator has chosen others.',
  },
  'too-large': { status: 413, title: 'Content Too Large', meaning: 'The body is larger than what is taken.' },
  'uri-too-long': {
    status: 414,
    title: 'URI Too Long',
    meaning: 'The address is longer than what is taken.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported Media Type',
    meaning: 'Bodies are JSON: `Content-Type: application/json`.',
  },
  'call-not-acceptable': {
    status: 422,
    title: 'Call Not Acceptable',
    meaning: 'The SDP is no answer to the offer that the push carried, or there was no offer.',
  },
  'upgrade-required': {
    status: 426,
    title: 'Upgrade Required',
    meaning: 'This address is for WebSocket (RFC 6455).',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too Many Requests',
    meaning: 'Wait for as long as `Retry-After` says.',
  },
  'too-many-calls': {
    status: 429,
    title: 'Too Many Calls',
    meaning: 'The client, or all clients to such numbers, have as many calls as they may have at once.',
  },
  'headers-too-large': {
    status: 431,
    title: 'Request Header Fields Too Large',
    meaning: 'The header is larger than what is taken.',
  },
  internal: {
    status: 500,
    title: 'Internal Server Error',
    meaning: 'A fault of the server. Its log has more.',
  },
  unavailable: {
    status: 503,
    title: 'Service Unavailable',
    meaning: 'The database or the server of the call is away. Try again after `Retry-After`.',
  },
} as const satisfies Readonly<Record<string, ProblemTypeInfo>>

export type ProblemType = keyof typeof PROBLEM_TYPES

export function isProblemType(type: string): type is ProblemType {
  return Object.hasOwn(PROBLEM_TYPES, type)
}
