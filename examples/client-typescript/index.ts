export {
  Channel,
  ChannelLost,
  type ChannelOptions,
  type ChannelRequest,
  type ChannelResult,
  type WebSocketLike,
} from './channel.js'
export { type AppHandle, type CallHandle, type InvitationHandle, Reveille } from './client.js'
export type { ServerOptions } from './exchange.js'
export { type ProblemBody, ReveilleProblem } from './problem.js'
export type * from './types.js'
