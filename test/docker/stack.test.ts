import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Server } from '../../src/compose/server.js'
import { Caller, type OutgoingCall, Phone, PushService, playWakeCall } from '../../src/demo/index.js'
import { describeWith } from '../clients/installed.js'
import { postgresForFile, type TestDatabase } from '../support/postgres/index.js'
import { filledIn } from './deployment.js'
import { Stack } from './stack.js'

const postgres = await postgresForFile()

const START_MS = 90_000
const LOOPBACK = '127.0.0.1'
const DOMAIN = filledIn.SIP_DOMAIN

describeWith('drachtio', 'drachtio-server as compose.yaml runs it', () => {
  describeWith('freeswitch', 'and FreeSWITCH', () => {
    let stack: Stack
    let push: PushService

    beforeAll(async () => {
      push = await PushService.open()
      stack = await Stack.make({
        ...filledIn,
        ADDRESS: LOOPBACK,
        PUBLIC_ADDRESS: LOOPBACK,
        TRUNK_NETWORK: '127.0.0.0/8',
        PUSH_URL: push.url,
      })
      await Promise.all([stack.startDrachtio(), stack.startFreeswitch()])
    }, START_MS)
    afterAll(async () => {
      await stack?.close()
      await push?.close()
    })

    test('both are healthy, and FreeSWITCH lets in nobody with another secret', async () => {
      expect(await stack.healthy('drachtio')).toBe(true)
      expect(await stack.healthy('freeswitch')).toBe(true)
      expect(await stack.healthy('freeswitch', { FREESWITCH_SECRET: 'guessed' })).toBe(false)
    })

    test('FreeSWITCH takes no call from elsewhere than this machine’s own address', async () => {
      const proxy = { host: LOOPBACK, port: stack.ports.mediaSip }
      const options = { user: 'x', domain: DOMAIN, proxy, protocol: 'udp' } as const
      const stranger = await Caller.open({ ...options, host: '127.0.0.2' })
      const call = await stranger.call(`sip:x@${DOMAIN}`)
      expect(await call.outcome).toMatchObject({ kind: 'failed', status: 403 })
      await stranger.close()
    })

    /** A call straight to FreeSWITCH, controlled by whoever is at that address. */
    async function controlledBy(
      address: string,
    ): Promise<{ call: OutgoingCall; close: () => Promise<void> }> {
      const proxy = { host: LOOPBACK, port: stack.ports.mediaSip }
      const caller = await Caller.open({ user: 'x', domain: DOMAIN, proxy, protocol: 'udp' })
      const call = await caller.call(`sip:x@${DOMAIN}`, { headers: { 'X-esl-outbound': address } })
      return { call, close: () => caller.close() }
    }

    test('FreeSWITCH ends a call in which nobody speaks and that nobody ends', async () => {
      const app = createServer((socket) => socket.on('error', () => undefined)).listen(0, LOOPBACK)
      await once(app, 'listening')
      const reached = once(app, 'connection') as Promise<[Socket]>
      const { call, close } = await controlledBy(`${LOOPBACK}:${(app.address() as AddressInfo).port}`)
      await call.answered()
      call.media.rtp.stopSending()
      const [socket] = await reached
      socket.write('connect\n\nmyevents\n\n')
      const { by, reason } = await call.ended
      expect(by).toBe('them')
      expect(reason).toContain('MEDIA_TIMEOUT')
      await close()
      socket.destroy()
      app.close()
      await stack.withoutChannels()
    }, 30_000)

    test('FreeSWITCH is told by address who controls a call, not by name', async () => {
      const { call, close } = await controlledBy('localhost:8084')
      expect(await call.outcome).toMatchObject({ kind: 'failed' })
      await close()
    })

    describe.skipIf(typeof postgres === 'string')('with the app of reveille.yaml', () => {
      let database: TestDatabase
      let server: Server

      beforeAll(async () => {
        if (typeof postgres === 'string') throw new Error(postgres)
        database = await postgres.database()
        server = await stack.startApp(database.url)
      }, START_MS)
      afterAll(async () => {
        await server?.close()
        await database?.drop()
      })

      test('a call of the trunk wakes a sleeping phone, both sides hear each other, and nothing is left', async () => {
        const proxy = { host: LOOPBACK, port: stack.ports.sip }
        const credentials = { username: 'alice', password: filledIn.ALICE_PASSWORD }
        const phone = await Phone.open({ user: 'alice', domain: DOMAIN, credentials, proxy, protocol: 'tcp' })
        phone.onInvite({ answerAfterMs: 20 })
        const contactParams = { 'pn-provider': 'app', 'pn-prid': 'token' }
        expect((await phone.register({ contactParams })).status).toBe(200)
        await phone.sleep()
        const caller = await Caller.open({ user: '+15550000', domain: DOMAIN, proxy, protocol: 'udp' })
        const uri = `sip:+15551234@${DOMAIN}`
        const report = await playWakeCall(
          { caller, phone, push, token: 'token', uri },
          { wakeAfterMs: 500, deadlineMs: 20_000 },
        )
        expect(report.failure).toBeUndefined()
        expect(report.result).toBe('bridged')
        expect(report.callerHeard.waiting).toContain('440')
        await stack.withoutChannels()
        await caller.close()
        await phone.close()
      }, 60_000)
    })
  })
})
