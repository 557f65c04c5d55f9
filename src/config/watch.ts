import { isDeepStrictEqual } from 'node:util'
import type { Environment } from './environment.js'
import { loadConfig } from './load.js'
import { ConfigError } from './problem.js'
import { kebabCase } from './schema/section.js'
import type { Config } from './schema/index.js'

/**
 * What a running server takes over from an edited file, by section; of the others each key needs a restart. `sip`
 * does so as a whole: the registrar's realm and the sockets are made once.
 */
const LIVE = {
  sip: false,
  media: false,
  database: false,
  push: true,
  http: false,
  tokens: false,
  trunks: true,
  users: true,
  clients: true,
  groups: true,
  subscribers: true,
  carriers: true,
  routes: true,
  instructions: true,
  outgoing: true,
  // They bring engines.
  regions: false,
  paths: true,
  log: ['level'],
  drain: true,
} as const satisfies Record<keyof Config, boolean | readonly string[]>

export type Reloaded =
  | {
      readonly ok: true
      /** Keys that changed and are in force now, as the file spells them: `users`, `log.level`. */
      readonly applied: readonly string[]
      /** Keys that changed and wait for a restart: `sip.listen`. */
      readonly needRestart: readonly string[]
    }
  /** Nothing changed. */
  | { readonly ok: false; readonly error: ConfigError }

export interface WatchedConfig {
  /** What is in force. */
  current(): Config
  /** Reads the file again. */
  reload(): Reloaded
  /** The listener hears what is in force after each reload that changed something; returns the end of it. */
  subscribe(listener: (config: Config, applied: readonly string[]) => void): () => void
}

/**
 * Keeps the configuration that is in force, and changes it when it is told to read the file again.
 *
 * @throws {@link ConfigError} where the file is bad from the start
 */
export function watchConfig(path: string | undefined, environment: Environment): WatchedConfig {
  let current = loadConfig(path, environment)
  const listeners = new Set<{ readonly hear: (config: Config, applied: readonly string[]) => void }>()

  return {
    current: () => current,
    reload() {
      let next: Config
      try {
        next = loadConfig(path, environment)
      } catch (error) {
        if (error instanceof ConfigError) return { ok: false, error }
        throw error
      }
      const changed = changedKeys(current, next)
      const applied = changed.filter(({ live }) => live).map(({ name }) => name)
      const needRestart = changed.filter(({ live }) => !live).map(({ name }) => name)
      if (applied.length > 0) {
        current = takeOver(current, next)
        for (const listener of [...listeners]) listener.hear(current, applied)
      }
      return { ok: true, applied, needRestart }
    },
    subscribe(hear) {
      const listener = { hear }
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

interface Change {
  readonly name: string
  readonly live: boolean
}

function changedKeys(before: Config, after: Config): Change[] {
  return sectionsOf(before).flatMap((section): Change[] => {
    const live = LIVE[section]
    if (live === true) return same(before, after, section) ? [] : [{ name: section, live }]
    const [old, now]: [object, object] = [before[section], after[section]]
    // The keys of a map are names, spelled as in the file.
    const spelled = old instanceof Map ? (key: string) => key : kebabCase
    return keysOf(old, now)
      .filter((key) => !isDeepStrictEqual(valueOf(old, key), valueOf(now, key)))
      .map((key) => ({ name: `${section}.${spelled(key)}`, live: live !== false && isOneOf(live, key) }))
  })
}

/** What is in force once `next` has been read: its live keys, and the others as they were. */
function takeOver(current: Config, next: Config): Config {
  const live = sectionsOf(next).filter((section) => LIVE[section] === true)
  const taken = Object.fromEntries(live.map((section) => [section, next[section]]))
  return { ...current, ...taken, log: { ...current.log, level: next.log.level } }
}

function same(before: Config, after: Config, section: keyof Config): boolean {
  return isDeepStrictEqual(before[section], after[section])
}

function sectionsOf(config: Config): (keyof Config)[] {
  return Object.keys(config) as (keyof Config)[]
}

function keysOf(...objects: readonly object[]): string[] {
  const keys = (object: object): string[] =>
    object instanceof Map ? [...(object as Map<string, unknown>).keys()] : Object.keys(object)
  return [...new Set(objects.flatMap(keys))]
}

function valueOf(object: object, key: string): unknown {
  if (object instanceof Map) return (object as Map<string, unknown>).get(key)
  return (object as Readonly<Record<string, unknown>>)[key]
}

function isOneOf(list: readonly string[], key: string): boolean {
  return list.includes(key)
}
