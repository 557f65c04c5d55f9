import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { nodeFlags } from '../../bench/support/node-flags.js'
import { version } from '../../src/version.js'
import {
  appConfig,
  deployed,
  filledIn,
  freeswitchParam,
  option,
  service,
  services,
  variables,
} from './deployment.js'

describe('the images of compose.yaml', () => {
  test.each(Object.entries(services()))('%s has a version tag', (_, { image }) => {
    const [, tag] = /^[\w./-]+:([\w.-]+)$/.exec(image) ?? []
    expect(tag).toMatch(/^\d+\.\d/)
  })

  test('that of the app is tagged with its own version', () => {
    expect(service('app').image).toBe(`reveille:${version}`)
  })
})

describe('what compose.yaml is told by docker/.env', () => {
  const known = [...deployed('env.example').matchAll(/^(\w+)=(.*)$/gm)]

  test('each variable that it or the app’s configuration uses is in env.example, and no other', () => {
    const used = [...variables(deployed('compose.yaml')), ...variables(deployed('reveille.yaml'))]
    expect(new Set(known.map(([, name]) => name))).toEqual(new Set(used))
    expect(new Set(Object.keys(filledIn))).toEqual(new Set(used))
  })

  test('nothing has a default that a machine could go into production with', () => {
    for (const [line, , value] of known) expect(value, line).toBe('')
    for (const file of ['compose.yaml', 'reveille.yaml']) expect(deployed(file)).not.toMatch(/\$\{\w+:?-/)
  })

  test.each(variables(deployed('compose.yaml')))(
    'without %s it does not start, and says where to look',
    (name) => {
      expect(() => services({ ...filledIn, [name]: '' })).toThrow(`${name}: see docker/env.example`)
    },
  )

  test('the file with the secrets is not to be committed', () => {
    expect(deployed('.gitignore').split('\n')).toContain('.env')
  })
})

describe('the services of compose.yaml', () => {
  test('the app waits for each of the others to be healthy', () => {
    const others = Object.keys(services()).filter((name) => name !== 'app')
    const expected = others.map((name) => [name, { condition: 'service_healthy' }])
    expect(service('app').depends_on).toEqual(Object.fromEntries(expected))
    for (const name of others) expect(service(name).healthcheck?.test.length, name).toBeGreaterThan(1)
  })

  test('live calls have more time to end than the app takes', () => {
    const grace = Number(/^(\d+)s$/.exec(service('app').stop_grace_period ?? '')?.[1]) * 1000
    expect(grace).toBeGreaterThanOrEqual(appConfig().drain.timeout + 60_000)
  })

  test('nothing but SIP and RTP is open to other machines', () => {
    expect(option(service('drachtio'), '--address')).toBe('127.0.0.1')
    expect(freeswitchParam('listen-ip')).toBe('127.0.0.1')
    for (const published of service('postgres').ports ?? []) expect(published).toMatch(/^127\.0\.0\.1:/)
    expect(appConfig().http.host).toBe('127.0.0.1')
    expect(freeswitchParam('apply-inbound-acl')).toBe('drachtio')
  })
})

describe('the addresses and ports of the files', () => {
  const { sip, media, database, http } = appConfig()

  test('the app finds drachtio', () => {
    if (sip.engine !== 'drachtio') throw new Error(`the SIP engine is ${sip.engine}`)
    const { command = [], environment, healthcheck } = service('drachtio')
    expect(sip.servers).toEqual([
      expect.objectContaining({
        host: option({ image: '', command }, '--address'),
        port: Number(option({ image: '', command }, '--port')),
        secret: environment?.['DRACHTIO_SECRET'],
      }),
    ])
    const [server] = sip.servers
    expect(healthcheck?.test.join(' ')).toContain(`${server?.host ?? ''}/${server?.port ?? ''}`)
    expect(deployed('drachtio.conf.xml')).toContain(`<admin port="${server?.port ?? ''}"`)
  })

  test('the app finds FreeSWITCH', () => {
    if (media.engine !== 'freeswitch') throw new Error(`the media engine is ${media.engine}`)
    const { environment, healthcheck } = service('freeswitch')
    expect(media.servers).toEqual([
      expect.objectContaining({
        host: freeswitchParam('listen-ip'),
        port: Number(freeswitchParam('listen-port')),
        secret: environment?.['FREESWITCH_SECRET'],
      }),
    ])
    expect(healthcheck?.test.join(' ')).toContain(`-P ${freeswitchParam('listen-port')} `)
  })

  test('FreeSWITCH is given each variable that its configuration reads', () => {
    const read = [...deployed('freeswitch/freeswitch.xml').matchAll(/cmd="env-set" data="\w+=\$(\w+)"/g)]
    const given = Object.keys(service('freeswitch').environment ?? {})
    expect(new Set(read.map(([, name]) => name))).toEqual(new Set(given))
  })

  test('the app finds PostgreSQL', () => {
    if (database.engine !== 'postgres') throw new Error(`the database is ${database.engine}`)
    const { environment = {}, ports = [] } = service('postgres')
    const url = new URL(database.url)
    expect(url.username).toBe(environment['POSTGRES_USER'])
    expect(url.password).toBe(environment['POSTGRES_PASSWORD'])
    expect(url.pathname).toBe(`/${environment['POSTGRES_DB'] ?? ''}`)
    expect(ports).toEqual([`${url.hostname}:${url.port}:5432`])
  })

  test('the health check asks where the app listens', () => {
    expect(deployed('healthcheck.mjs')).toContain(`http://${http.host}:${http.port}/healthz`)
  })

  test('FreeSWITCH waits longer for media than a caller may wait for an answer', () => {
    const longestRingMs = 10 * 60_000
    const [, ms] = /media_timeout=(\d+)/.exec(deployed('freeswitch/freeswitch.xml')) ?? []
    expect(Number(ms)).toBeGreaterThan(2 * longestRingMs)
  })

  test('SIP of drachtio and of FreeSWITCH are on ports of their own, apart from RTP', () => {
    const [, port] = /:(\d+);transport=udp,tcp$/.exec(option(service('drachtio'), '--contact')) ?? []
    const sipPorts = [Number(port), Number(freeswitchParam('sip-port'))]
    const [from, to] = [freeswitchParam('rtp-start-port'), freeswitchParam('rtp-end-port')].map(Number)
    expect(new Set(sipPorts).size).toBe(2)
    for (const each of sipPorts) expect(each < (from ?? NaN) || each > (to ?? NaN)).toBe(true)
  })

  test('the app finds its configuration where the image looks for it', () => {
    const [, path] = /^CMD \["start", "--config", "(.+)"\]$/m.exec(deployed('Dockerfile')) ?? []
    expect(path).toBe('/etc/reveille/reveille.yaml')
    expect(service('app').volumes).toContain('.:/etc/reveille:ro')
  })
})

describe('the Dockerfile', () => {
  const instructions = deployed('Dockerfile')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line))
  const last = (name: string): string => instructions.findLast((line) => line.startsWith(`${name} `)) ?? ''

  test('the server does not run as root', () => {
    const stage = instructions.slice(instructions.lastIndexOf(last('FROM')))
    expect(stage.findLast((line) => line.startsWith('USER '))).toBe('USER node')
  })

  test('SIGTERM reaches the server: no shell is before it', () => {
    expect(parse(last('ENTRYPOINT').slice('ENTRYPOINT '.length))).toEqual([
      'node',
      ...nodeFlags,
      '/app/dist/main.js',
    ])
  })

  test('each stage is on one Node, of an exact version', () => {
    const images = instructions.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' ')[1])
    expect(new Set(images).size).toBe(1)
    expect(images[0]).toMatch(/^node:\d+\.\d+\.\d+-/)
  })

  test('what it copies is sent to the build', () => {
    const sent = deployed('Dockerfile.dockerignore').split('\n')
    const copied = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1))
      .map((path) => path.replace(/^\.\//, ''))
    const isSent = (path: string): boolean =>
      sent.some(
        (line) =>
          line === `!${path}` || (path.includes('*') && line.startsWith(`!${path.split('*')[0] ?? ''}`)),
      )
    expect(copied.filter((path) => !isSent(path))).toEqual([])
    expect(sent[1]).toBe('*')
  })
})
