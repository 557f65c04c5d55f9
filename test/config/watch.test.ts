import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConfigError, watchConfig } from '../../src/config/index.js'

describe('a watched configuration', () => {
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reveille-watch-'))
    path = join(folder, 'r.yaml')
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  const write = (text: string) => {
    writeFileSync(path, text)
  }

  it('is in force from the start, and stays as it is until it is told to reload', () => {
    write('users: {a: }')
    const watched = watchConfig(path, {})
    write('users: {b: }')
    expect([...watched.current().users.keys()]).toEqual(['a'])
  })

  it('takes over users, trunks, routes, push services, costs of paths, log level and drain time', () => {
    write('')
    const watched = watchConfig(path, {})
    write(`
users: {a: }
trunks: {t: {match: [10.0.0.1]}}
routes: [{match: "*", user: a}]
push: {p: {adapter: webhook, url: "http://x"}}
paths: {rehome: false}
log: {level: debug}
drain: {timeout: 5s}
`)
    expect(watched.reload()).toEqual({
      ok: true,
      applied: ['push', 'trunks', 'users', 'routes', 'paths', 'log.level', 'drain'],
      needRestart: [],
    })
    const config = watched.current()
    expect([...config.users.keys(), ...config.trunks.keys(), ...config.push.keys()]).toEqual(['a', 't', 'p'])
    expect(config.log.level).toBe('debug')
    expect(config.drain.timeout).toBe(5000)
  })

  it('names the keys that need a restart, and keeps them as they were', () => {
    write('users: {a: }')
    const watched = watchConfig(path, {})
    const before = watched.current()
    write(`
users: {b: }
sip: {domain: other.example, session-expires: 10m, advertise: 10.0.0.1, listen: [{protocol: udp, port: 5070}]}
media: {ports: 30000-30999}
database: {engine: postgres, url: "postgres://h/d"}
http: {port: 1, admin-token: x}
regions: {EU: }
log: {pretty: true}
`)
    expect(watched.reload()).toEqual({
      ok: true,
      applied: ['users'],
      needRestart: [
        'sip.domain',
        'sip.session-expires',
        'sip.listen',
        'sip.advertise',
        'media.ports',
        'database.engine',
        'database.path',
        'database.url',
        'database.pool',
        'database.statement-timeout',
        'database.connect-timeout',
        'http.port',
        'http.admin-token',
        'regions.EU',
        'log.pretty',
      ],
    })
    expect(watched.current()).toEqual({ ...before, users: new Map([['b', before.users.get('a')]]) })
  })

  it('goes on saying what needs a restart until the file is as it was', () => {
    write('')
    const watched = watchConfig(path, {})
    write('http: {port: 1}')
    expect(watched.reload()).toMatchObject({ needRestart: ['http.port'] })
    expect(watched.reload()).toMatchObject({ needRestart: ['http.port'] })
    write('')
    expect(watched.reload()).toEqual({ ok: true, applied: [], needRestart: [] })
  })

  it('keeps what is in force when an edit is bad, and says why', () => {
    write('users: {a: }')
    const watched = watchConfig(path, {})
    const before = watched.current()
    write('users: {b: {rng: 1}}')
    expect(watched.reload()).toEqual({
      ok: false,
      error: new ConfigError([
        { file: path, line: 1, column: 13, key: 'users.b.rng', message: 'unknown key; did you mean "ring"?' },
      ]),
    })
    rmSync(path)
    const gone = watched.reload()
    expect(gone.ok ? '' : gone.error.message).toBe(`${path}: there is no such file`)
    expect(watched.current()).toBe(before)
  })

  it('is refused where the file is bad from the start', () => {
    write('users: 1')
    expect(() => watchConfig(path, {})).toThrow(ConfigError)
  })

  it('tells its listeners what changed, and only when something did', () => {
    write('')
    const watched = watchConfig(path, {})
    const heard: (readonly string[])[] = []
    const end = watched.subscribe((config, applied) => {
      expect(config).toBe(watched.current())
      heard.push(applied)
    })
    watched.reload()
    write('http: {port: 1}')
    watched.reload()
    write('http: {port: 1}\nusers: {a: }')
    watched.reload()
    end()
    write('')
    watched.reload()
    expect(heard).toEqual([['users']])
    expect(watched.current().users.size).toBe(0)
  })

  it('without a file has nothing to reload', () => {
    const watched = watchConfig(undefined, {})
    expect(watched.reload()).toEqual({ ok: true, applied: [], needRestart: [] })
  })
})
