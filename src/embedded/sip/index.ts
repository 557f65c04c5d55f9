export { startSipServer, type SipServer } from './server.js'
export type {
  ListenOptions,
  NameServices,
  SipFault,
  SipLimits,
  SipServerOptions,
  SipTimers,
} from './options.js'
export type { SipServerStats } from './stats.js'
