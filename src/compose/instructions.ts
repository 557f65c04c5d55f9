import { systemClock } from '../adapters/system/clock.js'
import type { Config, WatchedConfig } from '../config/index.js'
import { createInstructions, type Instructions } from '../instructions/instructions.js'
import type { Log } from '../ports/log.js'
import type { PresenceLookup } from '../ports/presence.js'
import type { Lifetime } from './lifetime.js'

/** What calls do whose routes name instructions; a reload holds for the calls that begin after it. */
export function openInstructions(
  watched: WatchedConfig,
  presence: PresenceLookup,
  log: Log,
  life: Lifetime,
): Instructions {
  return life.own(createInstructions({ config: () => watched.current(), presence, clock: systemClock, log }))
}

/** Whether any call may be directed by instructions, which may ask for anybody's presence. */
export function hasInstructions({ instructions, routes }: Config): boolean {
  return instructions.sources.size > 0 || routes.some(({ inline }) => inline !== undefined)
}
