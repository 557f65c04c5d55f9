/** One destination of a call. */
export type AttemptId = `a${number}`
/** One INVITE of ours. */
export type DialId = `d${number}`
/** `caller`, or the dial that opened the leg. */
export type LegId = 'caller' | DialId
/** One arming of a timer. */
export type TimerId = string
