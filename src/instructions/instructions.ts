import { isDeepStrictEqual } from 'node:util'
import type { Config, Source } from '../config/index.js'
import type { Clock } from '../ports/clock.js'
import type { Log } from '../ports/log.js'
import type { PresenceLookup } from '../ports/presence.js'
import type { CallFacts } from './facts.js'
import { Stage } from './performances.js'
import { CallSession } from './session.js'
import { SoundCache } from './sounds/cache.js'
import { Sounds } from './sounds/sounds.js'
import type { Session } from './step.js'
import { WebClient } from './web/client.js'
import type { ResolveAll } from './web/lookup.js'
import { Webhook } from './web/webhook.js'

export interface InstructionsDeps {
  /** What is in force. */
  readonly config: () => Pick<Config, 'instructions' | 'routes'>
  readonly presence: PresenceLookup
  readonly clock: Clock
  readonly log: Log
  /** In place of node:dns. */
  readonly resolve?: ResolveAll
  /** PEM of a CA beside the known ones. */
  readonly ca?: string
}

export interface Instructions {
  /** Begins the instructions of a target on a call. Undefined where there are none of this name. */
  begin(name: string, call: CallFacts): Session | undefined
  /** Gives up what is under way, and takes the cache of sounds away. Never rejects. */
  close(): Promise<void>
}

/** What sessions share. A reload that changes what it was made from has it made anew; sessions keep theirs. */
interface Engine {
  readonly settings: Config['instructions']
  readonly client: WebClient
  readonly cache: SoundCache
}

const MEGABYTE = 1_000_000

export function createInstructions(deps: InstructionsDeps): Instructions {
  const engines: Engine[] = []
  const engine = (): Engine => {
    const { instructions: settings } = deps.config()
    const last = engines.at(-1)
    if (last !== undefined && sameEngine(last.settings, settings)) return last
    const fresh = newEngine(settings, deps)
    engines.push(fresh)
    return fresh
  }
  return {
    begin(name, call) {
      const first = sourceOf(deps.config(), name)
      return first === undefined ? undefined : newSession(deps, engine(), { first, name, call })
    },
    async close() {
      for (const { client } of engines) client.close()
      await Promise.all(engines.map(({ cache }) => cache.close()))
    },
  }
}

function sourceOf(
  { instructions, routes }: Pick<Config, 'instructions' | 'routes'>,
  name: string,
): Source | undefined {
  const inline = routes.find(
    ({ to, inline: own }) => own !== undefined && to.kind === 'instructions' && to.name === name,
  )
  return instructions.sources.get(name) ?? inline?.inline
}

function sameEngine(before: Config['instructions'], after: Config['instructions']): boolean {
  const { sources: _, speech: _1, sounds: _2, ...made } = before
  const { sources: _3, speech: _4, sounds: _5, ...wanted } = after
  return isDeepStrictEqual(made, wanted)
}

function newEngine(settings: Config['instructions'], { clock, resolve, ca }: InstructionsDeps): Engine {
  const { allowPrivate, allowHttp, soundCache } = settings
  const client = new WebClient({
    ...{ rules: { allowPrivate, allowHttp }, clock },
    ...(resolve === undefined ? {} : { resolve }),
    ...(ca === undefined ? {} : { ca }),
  })
  return { settings, client, cache: new SoundCache(soundCache.path, soundCache.size * MEGABYTE, clock) }
}

function newSession(
  deps: InstructionsDeps,
  { client, cache }: Engine,
  { first, name, call }: { readonly first: Source; readonly name: string; readonly call: CallFacts },
): Session {
  const { clock, log } = deps
  const { instructions: settings } = deps.config()
  const speech = settings.speech !== undefined
  return new CallSession(first, {
    ...{ call, name, log },
    named: (other) => sourceOf(deps.config(), other),
    webhook: (source) => new Webhook(source, call, { client, clock, log, speech }),
    stage: new Stage(new Sounds(settings, client, cache), log, call.id),
    presence: (users) => presenceOf(deps.presence, users),
  })
}

/** Whoever is available, and in a call, is `in-call`. */
function presenceOf(lookup: PresenceLookup, users: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    users.flatMap((user): readonly [string, string][] => {
      const presence = lookup.known(user)
      if (presence === undefined) return []
      return [[user, presence.inCall && presence.state === 'available' ? 'in-call' : presence.state]]
    }),
  )
}
