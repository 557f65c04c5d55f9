import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type Config, parseConfig } from '../../src/config/index.js'

export const DOCKER = join(import.meta.dirname, '../../docker')

/** As much of a service of compose.yaml as is looked at. */
export interface Service {
  readonly image: string
  readonly network_mode?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly stop_grace_period?: string
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

export function deployed(...path: readonly string[]): string {
  return readFileSync(join(DOCKER, ...path), 'utf8')
}

/** What an operator would write into docker/.env. */
export const filledIn = {
  ADDRESS: '10.0.0.5',
  PUBLIC_ADDRESS: '203.0.113.7',
  SIP_DOMAIN: 'sip.example.net',
  DRACHTIO_SECRET: 'd1',
  FREESWITCH_SECRET: 'f1',
  POSTGRES_PASSWORD: 'p1',
  ADMIN_TOKEN: 'a1',
  PUSH_URL: 'https://push.example.net/{token}',
  TRUNK_NETWORK: '198.51.100.0/24',
  ALICE_PASSWORD: 'w1',
} as const

/** The services, with variables put in as `docker compose` does: `${NAME:?why}`, `${NAME:-default}`, `$$`. */
export function services(
  env: Readonly<Record<string, string>> = filledIn,
): Readonly<Record<string, Service>> {
  const document = parse(deployed('compose.yaml'), { merge: true }) as unknown
  return (interpolated(document, env) as { services: Record<string, Service> }).services
}

export function service(name: string): Service {
  const found = services()[name]
  if (found === undefined) throw new Error(`compose.yaml has no service ${name}`)
  return found
}

function interpolated(value: unknown, env: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return putIn(value, env)
  if (Array.isArray(value)) return value.map((each) => interpolated(each, env))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, interpolated(each, env)]))
}

function putIn(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(
    /\$\$|\$\{(\w+)(?::([?-])([^}]*))?\}/g,
    (whole, name?: string, how?: string, rest = '') => {
      if (name === undefined) return '$'
      const value = env[name] ?? ''
      if (value !== '') return value
      if (how === '?') throw new Error(`${name}: ${String(rest)}`)
      if (how === '-') return String(rest)
      throw new Error(`${whole} has no value and no default`)
    },
  )
}

/** The names of variables in a text, each once. */
export function variables(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name = '']) => name))]
}

export function appConfig(): Config {
  return parseConfig(deployed('reveille.yaml'), 'reveille.yaml', filledIn)
}

/** The value of `<param name="…" value="…"/>` in FreeSWITCH's configuration. */
export function freeswitchParam(name: string): string {
  const [, value] =
    new RegExp(`<param name="${name}" value="([^"]*)"/>`).exec(deployed('freeswitch/freeswitch.xml')) ?? []
  if (value === undefined) throw new Error(`freeswitch.xml has no param ${name}`)
  return value
}

/** What follows `option` on the command line of a service. */
export function option({ command = [] }: Service, name: string): string {
  const value = command[command.indexOf(name) + 1]
  if (!command.includes(name) || value === undefined) throw new Error(`no option ${name}`)
  return value
}
