import type { LookupAddress } from 'node:dns'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { addressRule } from '../../src/instructions/web/addresses.js'
import type { ResolveAll } from '../../src/instructions/web/lookup.js'
import { standInIdentity } from '../support/push/identity.js'
import { type App, startApp, twiml } from './support/app.js'
import { siteOf, START, toOf } from './support/site.js'

describe('requests may go', () => {
  const mayGoTo = addressRule([])
  test.each([
    '8.8.8.8',
    '172.32.0.1',
    '100.63.255.255',
    '2606:4700:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
  ])('to %s, which is public', (address) => expect(mayGoTo(address)).toBe(true))

  test.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.0.9', '169.254.169.254', '172.16.0.1'],
    ...['172.31.255.255', '192.0.0.8', '192.0.2.1', '192.168.1.1', '198.18.0.1', '203.0.113.9', '224.0.0.1'],
    ...[
      '240.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:a00:1',
      '::ffff:169.254.169.254',
    ],
    ...[
      '64:ff9b::a00:1',
      '64:ff9b:1::1',
      'fe80::1',
      'fe80::1%eth0',
      'fc00::1',
      'fd12::1',
      'fec0::1',
      'ff02::1',
    ],
    ...['2001::1', '2001:db8::1', '2002:7f00:1::', '::7f00:1', '100::1', '3fff::1', 'localhost', ''],
  ])('not to %s', (address) => expect(mayGoTo(address)).toBe(false))

  test('to private networks that are allowed, and to those alone', () => {
    const some = addressRule(['10.1.0.0/16', '127.0.0.1', 'fd00:1::/32'])
    const allowed = [
      '10.1.2.3',
      '127.0.0.1',
      '::ffff:10.1.2.3',
      '::ffff:127.0.0.1',
      '64:ff9b::a01:203',
      'fd00:1::5',
    ]
    expect(allowed.map(some)).toEqual(allowed.map(() => true))
    const others = ['10.2.0.1', '127.0.0.2', '::1', '::ffff:127.0.0.2', 'fd00:2::1']
    expect(others.map(some)).toEqual(others.map(() => false))
  })
})

describe('an application by name', () => {
  const open: { close(): Promise<void> }[] = []

  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()))
  })

  async function app(): Promise<App> {
    const started = await startApp({ '/voice': twiml('<Dial><Client>bob</Client></Dial>') })
    open.push(started)
    return started
  }

  /** A name server whose answers are scripted, one a look-up; the last one stays. */
  function names(...answers: readonly (readonly string[])[]): { resolve: ResolveAll; asked: string[] } {
    const asked: string[] = []
    const resolve: ResolveAll = (hostname, _options, done) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)] ?? []
      asked.push(hostname)
      const addresses = answer.map((address): LookupAddress => ({
        address,
        family: address.includes(':') ? 6 : 4,
      }))
      setImmediate(() => done(null, addresses))
    }
    return { resolve, asked }
  }

  function site(url: string, resolve: ResolveAll, allowed = '127.0.0.1') {
    const port = new URL(url).port
    const settings = `  allow-http: true\n  allow-private: [${allowed}]\n`
    const source = `  sources: {main: {twiml: "http://app.example:${port}/voice", retries: 0}}\n`
    const made = siteOf(settings + source, { resolve })
    open.push(made)
    return made
  }

  test('is looked up once, and that address is the one that is asked', async () => {
    const { url, asked } = await app()
    // By the second look-up, the name has another address.
    const dns = names(['127.0.0.1'], ['127.0.0.9'])
    const call = site(url, dns.resolve).session()
    expect(toOf(await call.next(START))).toEqual(['bob'])
    expect(dns.asked).toEqual(['app.example'])
    expect(asked[0]?.headers.host).toBe(`app.example:${new URL(url).port}`)
  })

  test('is not asked where its name has come to mean a private address', async () => {
    const { url, asked } = await app()
    const dns = names(['127.0.0.1'])
    const call = site(url, dns.resolve, '10.0.0.0/8').session()
    expect(await call.next(START)).toMatchObject({
      ending: {
        status: 503,
        detail: expect.stringMatching(/app\.example \(127\.0\.0\.1\) is no public address/) as string,
      },
    })
    expect(asked).toHaveLength(0)
  })

  test('is not asked at the private one of its addresses', async () => {
    const { url, asked } = await app()
    const dns = names(['127.0.0.1', '::1', '127.0.0.2'])
    // Nobody listens at the one that is left.
    const call = site(url, dns.resolve, '127.0.0.2').session()
    expect(await call.next(START)).toMatchObject({ ending: { status: 503 } })
    expect(asked).toHaveLength(0)
  })

  test.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://[::ffff:7f00:1]/',
    'http://127.1/',
  ])('is not asked where its name is an address in disguise: %s', async (url) => {
    const made = siteOf(`  allow-http: true\n  sources: {main: {twiml: "${url}"}}\n`)
    open.push(made)
    expect(await made.session().next(START)).toMatchObject({
      ending: { detail: expect.stringMatching(/is no public address/) as string },
    })
  })

  test('is not asked without TLS, unless that is allowed', async () => {
    const { url } = await app()
    const secure = await startApp({})
    open.push(secure)
    const made = siteOf(
      `  allow-private: [127.0.0.1]\n  sources: {main: {twiml: "${url.replace('http', 'https')}/voice", retries: 0}}\n`,
    )
    open.push(made)
    // Whatever stands there speaks no TLS; what matters is that it was asked in TLS.
    expect(await made.session().next(START)).toMatchObject({
      ending: { detail: expect.stringMatching(/SSL|TLS|packet length|ECONNRESET|disconnected/i) as string },
    })
  })

  describe('over TLS', () => {
    /** An application at `localhost` that has one page, and redirects from another to one without TLS. */
    async function secureApp(): Promise<string> {
      const server = createServer(standInIdentity, (request, response) => {
        if (request.url === '/away') response.writeHead(307, { location: 'http://localhost:1/voice' }).end()
        else
          response
            .writeHead(200, { 'content-type': 'text/xml' })
            .end('<Response><Reject reason="busy"/></Response>')
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      open.push({
        close: () =>
          new Promise((resolve) => {
            server.close(() => resolve())
            server.closeAllConnections()
          }),
      })
      return `https://localhost:${(server.address() as AddressInfo).port}`
    }

    function asking(url: string, ca?: string) {
      const settings = `  allow-private: [127.0.0.1]\n  sources: {main: {twiml: "${url}", retries: 0}}\n`
      const { resolve } = names(['127.0.0.1'])
      const made = siteOf(settings, { resolve, ...(ca === undefined ? {} : { ca }) })
      open.push(made)
      return made.session().next(START)
    }

    test('is asked where its certificate is good', async () => {
      const next = await asking(`${await secureApp()}/voice`, standInIdentity.ca)
      expect(next).toMatchObject({ kind: 'end', ending: { cause: 'busy' } })
    })

    test('is not asked where its certificate is not known', async () => {
      const next = await asking(`${await secureApp()}/voice`)
      expect(next).toMatchObject({
        ending: { status: 503, detail: expect.stringMatching(/certificate/) as string },
      })
    })

    test('does not lead to a page without it', async () => {
      const next = await asking(`${await secureApp()}/away`, standInIdentity.ca)
      expect(next).toMatchObject({
        ending: {
          detail: expect.stringMatching(/goes without TLS; instructions.allow-http is off/) as string,
        },
      })
    })
  })
})
