/** One destination of a call. */
export type AttemptId = `a${number}`
/** One INVITE of ours. */
export type DialId = `d${number}`
/** One leg that a device opened to us; named by the runtime, which is where it arrives. */
export type ArrivingId = `i${number}`
/** The leg of a device, whoever opened it. */
export type DeviceLegId = DialId | ArrivingId
export type LegId = 'caller' | DeviceLegId
/** One performance for the caller. */
export type PerformanceId = `p${number}`
/** One arming of a timer. */
export type TimerId = string
