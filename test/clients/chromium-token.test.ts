import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Caller, Call } from '../../src/demo/index.js'
import { TestClient } from '../channel/support/client.js'
import { describeOver } from '../support/listening.js'
import { TestServer } from '../support/server.js'
import { describeWith, pathOf } from './installed.js'
import { ChromiumPhones } from './jssip/in-chromium.js'
import { PAGE_HZ } from './jssip/microphone.js'
import type { JssipPhone } from './jssip/phone.js'

/** The client, which no configuration knows, and the number that leads to it. */
const NAME = 'page'
const NUMBER = '+15557001'
/** A number outside. */
const AWAY = '+12025550123'
/** What the trunk says. */
const TRUNK_HZ = 1000

const GRANTS = { incoming: true, outgoing: { to: ['+1202*'], trunk: 'carrier', callerIds: [NUMBER] } }

await describeOver('wss', 'a page that has no password but a token', (sip) => {
  describeWith('chromium', 'JsSIP in Chromium', () => {
    let server: TestServer
    let phones: ChromiumPhones
    let trunk: Caller
    let token: string
    const opened: JssipPhone[] = []

    const tree = (carrier: object = {}) => ({
      sip,
      clients: { ring: '10s' },
      routes: [{ match: NUMBER, client: NAME }],
      trunks: { carrier: { match: ['127.0.0.0/8'], trusted: true, ...carrier } },
    })

    beforeAll(async () => {
      server = await TestServer.start(tree())
      trunk = await server.caller({ media: { hz: TRUNK_HZ } })
      const { host, port } = trunk.peer.local
      server.reload(tree({ proxy: `sip:${host}:${port}` }))
      token = await made({ client: NAME, grants: GRANTS })
      phones = await ChromiumPhones.launch(pathOf('chromium') ?? '')
    })
    afterAll(async () => {
      await phones.close()
      await server.close()
    })
    afterEach(async () => {
      for (const phone of opened.splice(0)) await phone.close()
      await server.quiet()
    })

    async function made(claims: object): Promise<string> {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify(claims)
      const answer = await fetch(`${server.url}/v1/tokens`, { method: 'POST', headers, body })
      return ((await answer.json()) as { token: string }).token
    }

    async function page(instance: string = randomUUID()): Promise<JssipPhone> {
      const account = { user: NAME, domain: 'example.net', token, instance, expires: 600 }
      const phone = await phones.open('wss', server.address('wss'), account)
      opened.push(phone)
      await phone.event('registered')
      return phone
    }

    /** By level on both sides: each tells the other's tone from noise, or has a second of sound that is not silence. */
    async function bothHear(browser: JssipPhone, { media }: Call): Promise<void> {
      await Promise.all([browser.event('hears'), media.rtp.receiver.hearing?.hears([PAGE_HZ])])
    }

    test('is called by a trunk, and both hear each other', async () => {
      const browser = await page()
      const call = await trunk.call(`sip:${NUMBER}@example.net`)
      expect(await browser.event('incoming')).toMatchObject({ user: '+15550000' })
      await browser.answer()
      await call.answered()
      await bothHear(browser, call)
      call.hangUp()
      await browser.event('ended')
    })

    test('calls in to a call that waits for it, is not called, and both hear each other', async () => {
      const instance = randomUUID()
      const put = await fetch(`${server.url}/v1/devices/tab`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ delivery: 'call-in', instance: `urn:uuid:${instance}` }),
      })
      expect(put.status).toBe(201)
      const browser = await page(instance)
      const channel = await TestClient.connect(server.url)
      onTestFinished(() => channel.close())
      channel.send({ type: 'hello', token, device: 'tab' })
      await channel.next('welcome')
      const call = await trunk.call(`sip:${NUMBER}@example.net`)
      const waiting = await channel.next('incoming-call')
      channel.send({ type: 'ack', upTo: waiting.seq })
      await browser.authorize(String(waiting['token']))
      await browser.call(`sip:${String(waiting['callId'])}@example.net`)
      await call.answered()
      await bothHear(browser, call)
      await browser.authorize(token)
      call.hangUp()
      await browser.event('ended')
      expect(browser.told('incoming')).toBe(false)
    })

    test('calls out to the trunk, under the number that it may show, and both hear each other', async () => {
      const browser = await page()
      trunk.onInvite({ answerAfterMs: 20, media: { hz: TRUNK_HZ } })
      await browser.call(`sip:${AWAY}@example.net`)
      const outgoing = await trunk.nextCall()
      expect(outgoing.invite.uri).toMatch(new RegExp(`^sip:\\${AWAY}@`))
      await browser.event('confirmed')
      await bothHear(browser, outgoing)
      await browser.terminate(486)
      expect(await outgoing.ended).toMatchObject({ how: 'bye', by: 'them' })
    })

    test('is told what its token does not grant', async () => {
      const browser = await page()
      await browser.call('sip:+33123456789@example.net')
      expect(await browser.event('failed')).toMatchObject({ status: 403 })
    })
  })
})
