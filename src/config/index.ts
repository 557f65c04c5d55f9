export type { Environment } from './environment.js'
export { configJsonSchema } from './json-schema.js'
export { loadConfig, parseConfig } from './load.js'
export { ConfigError } from './problem.js'
export type { Problem } from './problem.js'
export type {
  Carrier,
  Config,
  ClientsConfig,
  DatabaseConfig,
  Group,
  HttpConfig,
  InstructionsConfig,
  LogConfig,
  MediaConfig,
  OutgoingConfig,
  PathsConfig,
  PushConfig,
  RegionConfig,
  Route,
  SipConfig,
  Subscriber,
  TokensConfig,
  Trunk,
  User,
} from './schema/index.js'
export type { ShippedCarrier } from './schema/carrier.js'
export type { Listener } from './schema/listener.js'
export type { Redirect } from './schema/redirect.js'
export type { Target } from './schema/targets.js'
export { MOST_DIGITS, MOST_PROMPTS } from './schema/verb.js'
export { readVerbs } from './read-verbs.js'
export type { Source, WebSource } from './schema/instructions.js'
export type { Prompt, Reference, SoundSource, Verb, Whom } from './schema/verb.js'
export { watchConfig } from './watch.js'
export type { Reloaded, WatchedConfig } from './watch.js'
