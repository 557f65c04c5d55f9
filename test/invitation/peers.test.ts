import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { createWebhookSender } from '../../src/adapters/webhook/webhook-sender.js'
import { systemClock } from '../../src/adapters/system/clock.js'
import { PushService } from '../../src/demo/index.js'
import { createInvitations } from '../../src/invitation/service.js'
import { ChannelNode, openSite } from '../channel/support/node.js'
import { describeWith, pathOf } from '../clients/installed.js'
import { RecordingLog } from '../wake/recording-log.js'
import { type Browser, launch } from './peers/browser.js'
import type { PeerPage, Push } from './peers/in-page.js'

/** More than any signalling. */
const BYTES = 1_000_000

describeWith('chromium', 'two browsers that are brought together by an invitation', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch(pathOf('chromium') ?? '')
  })
  afterAll(() => browser.close())

  it('exchange data directly, both ways, and the server carries none of it', async () => {
    const { node, push } = await startNode()
    await node.device('b1', 'bob')
    await node.device('b2', 'bob')
    const url = `${node.base.replace('http', 'ws')}/v1/client`
    const [alice, bob] = [await browser.page(), await browser.page()]

    const initiated = alice.evaluate(
      ([address, token, bytes]) =>
        (globalThis as unknown as { peerPage: PeerPage }).peerPage.initiate(address, token, 'bob', bytes),
      [url, await node.token(), BYTES] as const,
    )
    // The phone's push, handed to the app.
    const { payload } = await push.nextPush('token-b1', 20_000)
    const bobs = await node.token({ client: 'bobs', user: 'bob', deviceId: 'b1' })
    const accepted = bob.evaluate(
      ([address, token, pushed, bytes]) =>
        (globalThis as unknown as { peerPage: PeerPage }).peerPage.accept(address, token, pushed, bytes),
      [url, bobs, payload as unknown as Push, BYTES] as const,
    )

    const [one, other] = await Promise.all([initiated, accepted])
    expect(one).toMatchObject({ device: 'b1', received: BYTES, sum: 7 * BYTES })
    expect(other).toMatchObject({ received: BYTES, sum: 7 * BYTES })
    // Each one's other end is the other one.
    expect(other.path.own).toContain(one.path.remote)
    expect(one.path.own).toContain(other.path.remote)
    expect(node.carried).toBeGreaterThan(0)
    expect(node.carried).toBeLessThan(BYTES / 10)
    // The other device that was invited is told that it is over.
    expect((await push.nextPush('token-b2', 20_000)).payload).toMatchObject({ kind: 'invitation' })
    expect((await push.nextPush('token-b2', 20_000)).payload).toMatchObject({
      kind: 'invitation-ended',
      why: 'elsewhere',
    })
  })
})

async function startNode(): Promise<{ node: ChannelNode; push: PushService }> {
  const push = await PushService.open()
  onTestFinished(() => push.close())
  const sender = createWebhookSender({ url: push.url })
  onTestFinished(() => sender.close())
  const site = await openSite()
  const node = await ChannelNode.start(site, {
    invitations: (hub) => {
      const invitations = createInvitations({
        ...{ store: site.store, bus: site.bus, clock: systemClock, log: new RecordingLog() },
        senders: new Map([['acme', sender]]),
        api: () => 'https://calls.example.com',
        limits: { messages: 500, bytes: 2_000_000 },
        offer: (device, message, expiresAt) => hub.offer(device, message, expiresAt),
        mintInvitation: (claims) => site.tokens.mintInvitation(claims),
      })
      onTestFinished(() => invitations.close())
      return invitations
    },
  })
  return { node, push }
}
