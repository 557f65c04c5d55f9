import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { PATIENCE_MS, reveille, ROOT, ServerProcess } from '../support/process.js'
import { bridge, finish } from './support/calls.js'
import { freePort, holdTcp, holdUdp, isFree } from './support/ports.js'
import { Site } from './support/site.js'

const open: Site[] = []
afterEach(async () => {
  for (const site of open.splice(0)) await site.close()
}, PATIENCE_MS)

async function site(tree?: Parameters<typeof Site.open>[0]): Promise<Site> {
  const made = await Site.open(tree)
  open.push(made)
  return made
}

async function emptyDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'reveille-start-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

test(
  'without any file the server starts on loopback, with a database of its own, and ends when told',
  async ({ skip }) => {
    const taken = (await Promise.all([5060, 8080].map(isFree))).includes(false)
    if (taken) process.stderr.write('left out: start without a file: port 5060 or 8080 is taken here\n')
    skip(taken, 'port 5060 or 8080 is taken')
    const directory = await emptyDirectory()
    const server = await ServerProcess.start([], directory)
    onTestFinished(async () => void (await server.kill()))
    expect(server.address('udp')).toEqual({ host: '127.0.0.1', port: 5060 })
    expect(server.address('tcp')).toEqual({ host: '127.0.0.1', port: 5060 })
    expect((await fetch('http://127.0.0.1:8080/readyz')).status).toBe(200)
    expect(existsSync(join(directory, 'data'))).toBe(true)
    server.signal('SIGTERM')
    expect(await server.exited).toEqual({ code: 0, signal: null })
  },
  PATIENCE_MS,
)

test(
  'the example of a configuration works as it is, its ports aside',
  async () => {
    const here = await site()
    const example = await readFile(join(ROOT, 'config', 'example.yaml'), 'utf8')
    const ports = { 5060: here.sipPort, 8080: here.httpPort }
    await here.write(
      example.replace(/\bport: (5060|8080)\b/g, (_, n: '5060' | '8080') => `port: ${ports[n]}`),
    )
    const server = await here.start()
    expect(server.address('udp').port).toBe(here.sipPort)
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    const alice = await here.phone('alice', { credentials: { username: 'alice', password: 'wonderland' } })
    expect((await alice.register()).status).toBe(200)
    const call = await (await here.caller()).call('sip:+15551234@example.net')
    const incoming = await alice.nextCall()
    await call.answered()
    await finish({ call, incoming })
  },
  PATIENCE_MS,
)

test(
  'with port 0 the server finds free ports, and says which',
  async () => {
    const here = await site({
      sip: {
        listen: [
          { protocol: 'udp', port: 0 },
          { protocol: 'tcp', port: 0 },
        ],
      },
      http: { port: 0 },
    })
    const server = await here.start()
    expect(server.address('udp').port).toBeGreaterThan(0)
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  },
  PATIENCE_MS,
)

test(
  'a bad configuration is told by file, line, key and nearest key, and nothing is started',
  async () => {
    const here = await site()
    await here.write(['users:', '  alice:', '    pasword: secret', 'trunk: {}', ''].join('\n'))
    const started = await here.run('start')
    expect(started).toMatchObject({ code: 2, out: '' })
    expect(started.err).toMatch(/reveille\.yaml:3.*pasword.*did you mean.*password/)
    expect(started.err).toMatch(/reveille\.yaml:4.*trunk.*did you mean.*trunks/)
    expect(started.err).not.toMatch(/^\s+at /m)
    expect(await here.run('check')).toEqual({ ...started, out: '' })
  },
  PATIENCE_MS,
)

test(
  'a configuration that does not exist is told so',
  async () => {
    const directory = await emptyDirectory()
    const { code, err } = await reveille(['start', '--config', 'nowhere.yaml'], directory)
    expect(code).toBe(2)
    expect(err).toContain('nowhere.yaml')
    expect(err).not.toMatch(/^\s+at /m)
  },
  PATIENCE_MS,
)

test.each([
  ['udp', holdUdp, 'sipPort'],
  ['tcp', holdTcp, 'sipPort'],
  ['http', holdTcp, 'httpPort'],
] as const)(
  'a port that is taken (%s) is named, and the server ends',
  async (_, hold, which) => {
    const here = await site()
    const release = await hold(here[which])
    onTestFinished(async () => void (await release()))
    const { code, err, out } = await here.run('start')
    expect(code).toBe(1)
    expect(err).toMatch(new RegExp(`^reveille start: the server cannot start: .*\\b${here[which]}\\b.*\n$`))
    expect(out).not.toContain('Reveille is up')
  },
  PATIENCE_MS,
)

test(
  'a second server on the same database is turned away, and the first one serves on',
  async () => {
    const here = await site()
    const first = await here.start()
    const elsewhere = { sip: { listen: [{ protocol: 'udp', port: await freePort() }] }, http: { port: 0 } }
    await here.configure(elsewhere)
    const second = await here.run('start')
    expect(second.code).toBe(1)
    expect(second.err).toContain(`is in use by process ${first.pid}`)
    expect(second.err.trimEnd().split('\n')).toHaveLength(1)
    await finish(await bridge(await here.caller(), await here.registeredPhone('alice')))
  },
  PATIENCE_MS,
)
