import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const SRC = fileURLToPath(new URL('../src/', import.meta.url))

/**
 * What each room of `src` may import of the others. Imports point inward: the domain knows no adapter, an adapter
 * knows the ports and its own engine, and only `compose` knows them all.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  call: [],
  'sip-text': [],
  config: [],
  embedded: [],
  demo: [],
  ports: ['call'],
  nodes: ['ports'],
  observe: ['call', 'ports'],
  routing: ['call', 'ports', 'config', 'sip-text'],
  registrar: ['call', 'ports', 'sip-text'],
  wake: ['call', 'ports'],
  regions: ['call', 'ports'],
  clients: ['call', 'ports'],
  invitation: ['call', 'ports', 'wake'],
  forwarding: ['call', 'ports', 'config', 'sip-text', 'wake'],
  presence: ['call', 'ports', 'sip-text', 'registrar'],
  outgoing: ['call', 'ports', 'sip-text', 'nodes', 'routing', 'registrar'],
  instructions: ['call', 'ports', 'config', 'sip-text', 'routing'],
  adapters: ['call', 'ports', 'sip-text'],
  runtime: [
    'call',
    'ports',
    'sip-text',
    'nodes',
    'routing',
    'registrar',
    'wake',
    'regions',
    'clients',
    'forwarding',
    'outgoing',
    'instructions',
    'uuid.ts',
  ],
  http: ['call', 'ports', 'observe', 'runtime', 'clients'],
  cli: ['call', 'ports', 'config', 'observe', 'demo', 'clients'],
  compose: [
    'call',
    'ports',
    'config',
    'observe',
    'routing',
    'registrar',
    'wake',
    'regions',
    'clients',
    'invitation',
    'forwarding',
    'instructions',
    'outgoing',
    'presence',
    'adapters',
    'embedded',
    'runtime',
    'http',
    'uuid.ts',
    'version.ts',
  ],
  'main.ts': ['cli', 'compose', 'version.ts'],
  'worker.ts': ['compose'],
  'uuid.ts': [],
  'version.ts': [],
}

/** An adapter of an engine of our own may import that engine, as another imports a package. */
const OWN_ENGINE: Readonly<Record<string, string>> = {
  'adapters/embedded-media': 'embedded/media',
  'adapters/embedded-sip': 'embedded/sip',
}

interface Import {
  readonly from: string
  readonly to: string
}

function imports(): readonly Import[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const source = readFileSync(join(SRC, file), 'utf8')
      const specifiers = [...source.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map(
        (m) => m[1] ?? '',
      )
      return specifiers.map((specifier) => ({
        from: file,
        to: relative(SRC, resolve(SRC, dirname(file), specifier)).replace(/\.js$/, '.ts'),
      }))
    })
}

function room(path: string): string {
  return path.split('/')[0] ?? ''
}

function allowed({ from, to }: Import): boolean {
  if (room(from) === room(to)) return sameAdapter(from, to)
  const engine = OWN_ENGINE[dirname(from)]
  if (engine !== undefined && to.startsWith(`${engine}/`)) return true
  return MAY_IMPORT[room(from)]?.includes(room(to)) ?? false
}

/** An adapter does not lean on another: each can be taken out alone. */
function sameAdapter(from: string, to: string): boolean {
  return room(from) !== 'adapters' || dirname(from).split('/')[1] === dirname(to).split('/')[1]
}

describe('the house', () => {
  const all = imports()

  test('has a stated place for each of its rooms', () => {
    const rooms = new Set(readdirSync(SRC))
    expect([...rooms].sort()).toEqual(Object.keys(MAY_IMPORT).sort())
    expect(all.length).toBeGreaterThan(500)
  })

  test('knows a wrong import when it sees one', () => {
    expect(allowed({ from: 'call/state.ts', to: 'ports/store.ts' })).toBe(false)
    expect(allowed({ from: 'runtime/calls.ts', to: 'adapters/drachtio/leg.ts' })).toBe(false)
    expect(allowed({ from: 'adapters/webhook/retry-after.ts', to: 'adapters/fcm/fcm-outcome.ts' })).toBe(
      false,
    )
    expect(allowed({ from: 'adapters/webhook/x.ts', to: 'embedded/media/index.ts' })).toBe(false)
    expect(allowed({ from: 'adapters/embedded-media/media.ts', to: 'embedded/media/index.ts' })).toBe(true)
  })

  test('imports only inward', () => {
    const wrong = all.filter((each) => !allowed(each)).map(({ from, to }) => `${from} -> ${to}`)
    expect(wrong).toEqual([])
  })

  test('keeps the call machine free of everything outside it', () => {
    const outside = readdirSync(join(SRC, 'call'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .filter((file) =>
        /from '(?!\.)|\b(Date|setTimeout|process|Math\.random)\b/.test(code(join(SRC, 'call', file))),
      )
    expect(outside).toEqual([])
  })

  test('names the packages of the engines in their adapters alone', () => {
    const packages = ['drachtio-srf', 'drachtio-fsmrf', 'kysely', 'pg', '@electric-sql/pglite']
    // By name, however it is loaded: import, import() or require.
    const users = (name: string): readonly string[] =>
      readdirSync(SRC, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .filter((file) => new RegExp(`'${name}['/]`).test(code(join(SRC, file))))
    for (const name of packages) {
      expect(users(name).filter((file) => !file.startsWith('adapters/'))).toEqual([])
      expect(users(name).length, `adapters that use ${name}`).toBeGreaterThan(0)
    }
  })
})

/** Without comments: they may speak of anything. */
function code(file: string): string {
  return readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
}
