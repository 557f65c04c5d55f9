import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { loadConfig, parseConfig } from '../../src/config/index.js'

const EXAMPLE = resolve('config/example.yaml')

describe('a configuration', () => {
  it('is complete without a file: loopback and the embedded engines', () => {
    expect(loadConfig(undefined, {})).toEqual({
      sip: {
        engine: 'embedded',
        domain: 'localhost',
        listen: [
          { protocol: 'udp', host: '127.0.0.1', port: 5060 },
          { protocol: 'tcp', host: '127.0.0.1', port: 5060 },
        ],
        sessionExpires: 1_800_000,
        minSe: 90_000,
        registration: {
          minExpires: 60_000,
          defaultExpires: 3_600_000,
          maxExpires: 86_400_000,
          nonceLifetime: 300_000,
        },
        digest: ['SHA-256', 'MD5'],
      },
      media: { engine: 'embedded', host: '127.0.0.1', ports: { from: 20_000, to: 20_999 }, timeout: 60_000 },
      database: { engine: 'pglite', path: resolve('data') },
      push: new Map(),
      http: { host: '127.0.0.1', port: 8080, origins: [] },
      tokens: { keys: [], clientLifetime: 86_400_000 },
      trunks: new Map(),
      users: new Map(),
      clients: {
        ...{ ring: 30_000, grace: 300, secondResponse: 15_000 },
        ...{ late: 'silent', offerInPush: false, redirect: [], when: [] },
      },
      groups: new Map(),
      subscribers: new Map(),
      carriers: new Map(),
      routes: [],
      instructions: {
        sources: new Map(),
        allowPrivate: [],
        allowHttp: false,
        soundCache: { size: 100 },
      },
      outgoing: {
        ...{ accept: 'tone', ringback: 'ringing', tone: 'us' },
        ...{ calls: 5, perMinute: 30, block: [], limits: [] },
      },
      regions: new Map(),
      paths: { costs: [], rehome: true, rehomeRate: 20 },
      log: { level: 'info', pretty: false },
      drain: { timeout: 30_000 },
    })
  })

  it('listens with TLS on 5061, with files from the folder of the configuration', () => {
    const { sip } = parseConfig(
      'sip: {listen: [{protocol: tls, cert-file: package.json, key-file: ./package.json}]}',
      'reveille.yaml',
      {},
    )
    const file = resolve('package.json')
    expect(sip).toMatchObject({
      listen: [{ protocol: 'tls', host: '127.0.0.1', port: 5061, certFile: file, keyFile: file }],
    })
  })

  it.each(['', '# nothing\n', 'null', '{}', 'users:\nroutes:\nsip:\n'])(
    'is the default where %j is written',
    (text) => {
      expect(parseConfig(text, 'reveille.yaml', {})).toEqual(loadConfig(undefined, {}))
    },
  )

  it('loads from the example', () => {
    const config = loadConfig(EXAMPLE, { BOB_PASSWORD: 'from the environment' })
    expect(config.users.get('alice')).toEqual({
      name: 'Alice',
      password: 'wonderland',
      numbers: ['+15551234'],
      ring: 30_000,
      grace: 300,
      secondResponse: 15_000,
      late: 'silent',
      offerInPush: false,
      redirect: [
        { kind: 'user', user: 'bob' },
        { kind: 'number', match: '7*' },
      ],
      noAnswer: { kind: 'user', user: 'bob' },
      when: [],
      watches: [],
    })
    expect(config.groups.get('office')).toEqual({
      numbers: ['+15551200'],
      members: [{ user: 'alice', ring: 10_000 }, { user: 'bob' }],
      strategy: 'in-turn',
      ring: 15_000,
      noAnswer: { kind: 'status', status: 480 },
    })
    expect(config.users.get('bob')?.password).toBe('from the environment')
    expect(config.trunks.get('carrier')).toEqual({
      match: ['127.0.0.0/8'],
      ringback: 'early-media',
      tone: 'us',
      trusted: true,
      accept: 'tone',
      asserts: 'caller',
      presence: false,
    })
    expect(config.subscribers.get('+12025550142')).toEqual({
      user: 'alice',
      did: '+12025550199',
      carrier: 'gsm',
      secondaries: [{ kind: 'user', user: 'bob' }],
      strategy: 'side-by-side',
      ring: 30_000,
      noReply: 20_000,
      instruct: 'notified',
      patience: 20_000,
      hears: { ringback: 'early-media', tone: 'us' },
      noAnswer: { kind: 'status', status: 480 },
    })
    expect(config.carriers.get('mvno')).toEqual({
      like: 'cdma',
      number: 'national',
      codes: { busy: { set: '*90{did}', erase: '*91' } },
    })
    expect(config.push.get('acme')).toEqual({
      adapter: 'webhook',
      url: 'http://127.0.0.1:9/push/{token}',
      headers: new Map([['authorization', 'Bearer none']]),
      timeout: 5000,
    })
    expect(config.routes[0]).toEqual({ match: '+15559*', to: { kind: 'user', user: 'alice' } })
  })

  it('takes every kind of push service, target and engine', () => {
    const config = parseConfig(
      `
sip:
  engine: drachtio
  servers: [{name: eu-1, host: sip.example.net, secret: cymru, region: eu}]
media:
  engine: freeswitch
  host: 10.0.0.5
  advertise: app.example.net
  servers: [{name: fs-1, host: media.example.net, secret: ClueCon, weight: 2, region: eu, sip: {host: 10.0.0.7}}]
database: {engine: postgres, url: "postgres://u:p@h/d", pool: 3, statement-timeout: 2, connect-timeout: 1500ms}
push:
  apns: {adapter: apns, key-file: package.json, key-id: K, team-id: T, bundle-id: net.example, production: false,
    address: localhost, port: 2197, ca-file: package.json}
  fcm: {adapter: fcm, service-account: package.json, endpoint: {host: localhost, port: 1, ca-file: package.json}}
trunks: {pstn: {proxy: "sip:10.0.0.1:5060", username: u, password: p}}
users:
  a: {no-answer: {number: "+1 (555) 01-00"}}
  b: {no-answer: {uri: "sip:x@example.net", trunk: pstn}}
  c: {no-answer: {group: g}, redirect: [{user: "*"}, {group: g}, {number: "+1 (555)*", trunk: pstn}]}
regions: {eu: }
groups: {g: {members: [{user: a}, {user: b}]}}
routes: [{match: 7000, group: g}, {match: "*", uri: "sip:y@example.net", trunk: pstn}]`,
      'r.yaml',
      {},
    )
    expect(config.sip).toMatchObject({
      engine: 'drachtio',
      servers: [{ name: 'eu-1', host: 'sip.example.net', port: 9022, secret: 'cymru', region: 'eu' }],
    })
    expect(config.media).toEqual({
      engine: 'freeswitch',
      host: '10.0.0.5',
      advertise: 'app.example.net',
      timeout: 60_000,
      servers: [
        {
          ...{
            name: 'fs-1',
            host: 'media.example.net',
            port: 8021,
            secret: 'ClueCon',
            weight: 2,
            region: 'eu',
          },
          ...{ profile: 'drachtio_mrf', sip: { host: '10.0.0.7', port: 5060 } },
        },
      ],
    })
    expect(config.database).toEqual({
      engine: 'postgres',
      url: 'postgres://u:p@h/d',
      pool: 3,
      statementTimeout: 2000,
      connectTimeout: 1500,
    })
    expect(config.push.get('apns')).toEqual({
      adapter: 'apns',
      keyFile: resolve('package.json'),
      keyId: 'K',
      teamId: 'T',
      bundleId: 'net.example',
      production: false,
      timeout: 5000,
      address: 'localhost',
      port: 2197,
      caFile: resolve('package.json'),
    })
    expect(config.push.get('fcm')).toEqual({
      adapter: 'fcm',
      serviceAccount: resolve('package.json'),
      timeout: 5000,
      endpoint: { host: 'localhost', port: 1, caFile: resolve('package.json') },
    })
    expect(config.users.get('a')?.noAnswer).toEqual({ kind: 'number', number: '+15550100' })
    const outside = { kind: 'outside', uri: 'sip:x@example.net', trunk: 'pstn' }
    expect(config.users.get('b')?.noAnswer).toEqual(outside)
    expect(config.users.get('c')).toMatchObject({
      noAnswer: { kind: 'group', group: 'g' },
      redirect: [
        { kind: 'user', user: '*' },
        { kind: 'group', group: 'g' },
        { kind: 'number', match: '+1555*', trunk: 'pstn' },
      ],
    })
    expect(config.groups.get('g')).toEqual({
      numbers: [],
      members: [{ user: 'a' }, { user: 'b' }],
      strategy: 'side-by-side',
      ring: 30_000,
    })
    expect(config.routes).toEqual([
      { match: '7000', to: { kind: 'group', group: 'g' } },
      { match: '*', to: { ...outside, uri: 'sip:y@example.net' } },
    ])
  })

  it('keeps what was written: plus signs, leading zeros, the case and dashes of names', () => {
    const config = parseConfig(
      'users:\n  jean-luc: {password: 0123, numbers: [+15550100, 007]}\n  1001:\n  constructor: {name: no}\n',
      'r.yaml',
      {},
    )
    expect([...config.users.keys()].sort()).toEqual(['1001', 'constructor', 'jean-luc'])
    expect(config.users.get('jean-luc')).toMatchObject({ password: '0123', numbers: ['+15550100', '007'] })
    expect(config.users.get('constructor')?.name).toBe('no')
  })

  it.each([
    ['${A}', 'x'],
    ['pre-${A}${A}-post', 'pre-xx-post'],
    ['${B:-fallback}', 'fallback'],
    ['${EMPTY:-fallback}', 'fallback'],
    ['${A:-fallback}', 'x'],
    ['${B:-}end', 'end'],
    ['$${A}', '${A}'],
    ['$A {A} $$', '$A {A} $$'],
    ['${REF}', '${A}'],
  ])('reads %s as %s', (text, value) => {
    const config = parseConfig(`http: {admin-token: '${text}'}`, 'r.yaml', { A: 'x', EMPTY: '', REF: '${A}' })
    expect(config.http.adminToken).toBe(value)
  })

  it.each([
    ['https://calls.example.com/', 'https://calls.example.com'],
    ['http://10.0.0.1:8080/reveille', 'http://10.0.0.1:8080/reveille'],
  ])('takes %s as the base of what apps reach', (text, url) => {
    expect(parseConfig(`http: {public-url: '${text}'}`, 'r.yaml', {}).http.publicUrl).toBe(url)
  })

  it('takes numbers and flags from the environment', () => {
    const config = parseConfig('http: {port: "${PORT}"}\nlog: {pretty: "${PRETTY}"}', 'r.yaml', {
      PORT: '9090',
      PRETTY: 'true',
    })
    expect(config.http.port).toBe(9090)
    expect(config.log.pretty).toBe(true)
  })

  it.each([
    ['ring: 30', 30_000],
    ['ring: 30s', 30_000],
    ['ring: 1.5m', 90_000],
    ['ring: 1500ms', 1500],
  ])('reads %s as %i ms', (text, ms) => {
    expect(parseConfig(`users: {a: {${text}}}`, 'r.yaml', {}).users.get('a')?.ring).toBe(ms)
  })

  it('counts a plain number in the unit of its key', () => {
    expect(parseConfig('users: {a: {grace: 250}}', 'r.yaml', {}).users.get('a')?.grace).toBe(250)
  })

  it('lets networks hold each other: the first trunk wins', () => {
    const config = parseConfig(
      'trunks: {a: {match: [10.1.0.0/16]}, b: {match: [10.0.0.0/8, "::1"]}}',
      'r.yaml',
      {},
    )
    expect([...config.trunks.keys()]).toEqual(['a', 'b'])
  })

  it('takes aliases', () => {
    const config = parseConfig('users:\n  a: &usual {ring: 5s}\n  b: *usual\n', 'r.yaml', {})
    expect(config.users.get('b')).toEqual(config.users.get('a'))
  })

  describe('in a folder', () => {
    const folders: string[] = []
    afterEach(() => {
      for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
    })

    it('finds relative paths from there', () => {
      const folder = mkdtempSync(join(tmpdir(), 'reveille-config-'))
      folders.push(folder)
      const path = join(folder, 'r.yaml')
      writeFileSync(join(folder, 'sa.json'), '{}')
      writeFileSync(path, 'database: {path: db}\npush: {f: {adapter: fcm, service-account: ./sa.json}}\n')
      const config = loadConfig(path, {})
      expect(config.database).toEqual({ engine: 'pglite', path: join(folder, 'db') })
      expect(config.push.get('f')).toMatchObject({ serviceAccount: join(folder, 'sa.json') })
    })
  })

  it('holds thousands of users', () => {
    const users = Array.from(
      { length: 5000 },
      (_, n) => `  u${String(n)}: {password: p${String(n)}, numbers: ["+1555${String(n).padStart(6, '0')}"]}`,
    )
    const config = parseConfig(`users:\n${users.join('\n')}\n`, 'r.yaml', {})
    expect(config.users.size).toBe(5000)
    expect(config.users.get('u4999')).toMatchObject({ password: 'p4999', numbers: ['+1555004999'] })
  })
})
