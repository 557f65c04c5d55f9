import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeWith, pathOf } from '../clients/installed.js'
import { ChromiumPhones } from '../clients/jssip/in-chromium.js'
import { PAGE_HZ } from '../clients/jssip/microphone.js'
import type { JssipPhone } from '../clients/jssip/phone.js'
import { describeOver } from '../support/listening.js'
import { TestServer } from '../support/server.js'

const ALICE = 'sip:+15551001@example.net'
/** What a scripted phone or trunk says. */
const OURS_HZ = 1000

await describeOver('ws', 'a browser', (sip) => {
  describeWith('chromium', 'JsSIP in Chromium', () => {
    let server: TestServer
    let phones: ChromiumPhones
    const opened: JssipPhone[] = []

    beforeAll(async () => {
      server = await TestServer.start({ sip })
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

    async function alice(): Promise<JssipPhone> {
      const account = { user: 'alice', domain: 'example.net', password: 'secret', expires: 600 }
      const phone = await phones.open('ws', server.address('ws'), account)
      opened.push(phone)
      await phone.event('registered')
      return phone
    }

    test('is called by a trunk with plain G.711, and both hear each other over WebRTC', async () => {
      const browser = await alice()
      const caller = await server.caller({ media: { hz: OURS_HZ } })
      const call = await caller.call(ALICE)
      await browser.event('incoming')
      await browser.answer()
      await call.answered()
      await Promise.all([browser.event('hears'), call.media.rtp.receiver.hearing?.hears([PAGE_HZ])])
      await browser.terminate(486)
      expect(await call.ended).toMatchObject({ how: 'bye', by: 'them' })
    })

    test('calls a phone with plain G.711, and both hear each other over WebRTC', async () => {
      const browser = await alice()
      const bob = await server.registeredPhone('bob')
      bob.onInvite({ answerAfterMs: 20, media: { hz: OURS_HZ } })
      await browser.call('sip:bob@example.net')
      const incoming = await bob.nextCall()
      await browser.event('confirmed')
      await Promise.all([browser.event('hears'), incoming.media.rtp.receiver.hearing?.hears([PAGE_HZ])])
      incoming.hangUp()
      await browser.event('ended')
    })
  })
})
