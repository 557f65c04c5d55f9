/** Players of SIP, RTP and push: independent of the server, so that no fault of it hides in both sides. */
export { CallApi, type ApiAnswer, type DeclineBody } from './call-api.js'
export { Caller, type CallerOptions } from './caller.js'
export type { Call, CallEnding, ModifyOptions } from './call.js'
export type { IncomingCall, InvitePolicy } from './incoming-call.js'
export {
  forwardedCallLadder,
  forwardedStages,
  playForwardedCall,
  type ForwardedCallOptions,
  type ForwardedCallPlayers,
  type ForwardedCallReport,
  type ForwardedStage,
} from './forwarded-call.js'
export { drawLadder, type LadderEvent } from './ladder.js'
export { eventsOf, pushEvents } from './ladder-events.js'
export { afterExactly } from './delay.js'
export { MediaSession, type MediaOptions } from './media-session.js'
export { CallFailed, type CallOptions, type CallOutcome, type OutgoingCall } from './outgoing-call.js'
export { Phone, type PhoneOptions, type RegisterOptions } from './phone.js'
export { PushService, type PushAnswer, type ReceivedPush } from './push-service.js'
export { describeSegments, type HeardSegment } from './rtp/hearing.js'
export { RtpPeer } from './rtp/peer.js'
export { Impairment, type ImpairmentOptions } from './sip/impairment.js'
export { labelOf, MessageLog, type LogEntry } from './sip/log.js'
export {
  header,
  headerLines,
  headerList,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from './sip/message.js'
export { isRequest, isResponse } from './sip/predicates.js'
export { SipPeer, type SipPeerOptions } from './sip/peer.js'
export type { Flow, OpenTransport, Protocol, Transport, TransportOptions } from './sip/transport.js'
export type { Address } from './sip/uri.js'
export { UserAgent, type InviteDecision, type UserAgentOptions } from './user-agent.js'
export { WaitError } from './waiting.js'
export { playWakeCall, wakeCallLadder, type WakeCallOptions, type WakeCallReport } from './wake-call.js'
