import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from '../../examples/twilio-app/app.js'
import { TestServer, users } from '../support/server.js'

let application: Server
let server: TestServer

beforeAll(async () => {
  let publicUrl = ''
  application = createApp({
    ...{ authToken: 's3cret', menu: 'http://127.0.0.1:1/menu.wav' },
    get publicUrl() {
      return publicUrl
    },
  })
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
  publicUrl = `http://127.0.0.1:${(application.address() as AddressInfo).port}`
  server = await TestServer.start({
    users: users(['sales', 'reception'], { ring: '2s' }),
    instructions: {
      'allow-http': true,
      'allow-private': ['127.0.0.1'],
      sources: { menu: { twiml: `${publicUrl}/voice`, 'auth-token': 's3cret' } },
    },
    routes: [{ match: '+15559000', instructions: 'menu' }],
  })
})

afterAll(async () => {
  await server.close()
  await new Promise((resolve) => {
    application.close(resolve)
    application.closeAllConnections()
  })
})

test('an application that was written with the official helper routes a call here, as it is', async () => {
  const [sales, reception] = [
    await server.registeredPhone('sales'),
    await server.registeredPhone('reception'),
  ]
  sales.onInvite({ decline: { status: 486 } })
  const caller = await server.caller()
  const outgoing = await caller.call('sip:+15559000@example.net')
  await outgoing.answered()
  await outgoing.dtmf('1')
  const refused = await sales.nextCall()
  await refused.ended
  // Nobody took it at sales: the application is told, and sends the call to the reception.
  const incoming = await reception.nextCall()
  await incoming.established
  incoming.hangUp()
  expect(await outgoing.ended).toMatchObject({ how: 'bye', by: 'them' })
  await Promise.all([sales.unregister(), reception.unregister()])
  await server.quiet()
})
