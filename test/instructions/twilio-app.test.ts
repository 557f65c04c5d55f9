import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../examples/twilio-app/app.js'
import { ending } from '../../src/call/ending.js'
import { silentWav } from '../../src/instructions/sounds/wav.js'
import { type App, respond, startApp } from './support/app.js'
import { LOOPBACK, performed, rung, type Site, siteOf, START, toOf } from './support/site.js'

let server: ReturnType<typeof createApp>
let sounds: App
let url = ''
let site: Site

beforeAll(async () => {
  sounds = await startApp({ '/menu.wav': respond(silentWav(3000), 'audio/wav') })
  const options = { authToken: 's3cret', menu: `${sounds.url}/menu.wav`, publicUrl: '' }
  server = createApp({
    ...options,
    get publicUrl() {
      return url
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  site = siteOf(`${LOOPBACK}  sources:\n    main: {twiml: "${url}/voice", auth-token: s3cret, trunk: pstn}\n`)
})

afterAll(async () => {
  await Promise.all([site.close(), sounds.close()])
  await new Promise((resolve) => {
    server.close(resolve)
    server.closeAllConnections()
  })
})

describe('an application that was written with the official helper', () => {
  test('routes a call here by the digit that is dialled, unchanged', async () => {
    const call = site.session()
    expect(await call.next(START)).toMatchObject({
      ...{ kind: 'perform', answer: true },
      performance: {
        kind: 'gather',
        maxDigits: 1,
        timeoutMs: 4000,
        prompts: [{ kind: 'file' }, { kind: 'file' }],
      },
    })
    const dial = await call.next(performed('1'))
    expect(toOf(dial)).toEqual(['sales', '+15550142'])
    expect(dial).toMatchObject({ ring: { ringMs: 20_000, trunk: 'pstn' } })
    // Nobody took it: the reception is rung, and then the call is as any other.
    const reception = await call.next(rung(ending('no-answer', 'server')))
    expect(toOf(reception)).toEqual(['reception'])
    expect(reception).toMatchObject({
      ring: { ringMs: 30_000, otherwise: { kind: 'outcome' }, goesOn: null },
    })
  })

  test('hangs up after a talk', async () => {
    const call = site.session()
    await call.next(START)
    const dial = await call.next(performed('2'))
    expect(dial).toMatchObject({ ring: { callerId: '+15559000' } })
    expect(toOf(dial)).toEqual(['+15550199'])
    expect(await call.next(rung(ending('hung-up', 'callee'), 12_000))).toMatchObject({
      kind: 'end',
      ending: { cause: 'hung-up', by: 'server' },
    })
  })

  test('asks once more where the digit stands for nobody, and rings the reception where none is dialled', async () => {
    const call = site.session()
    await call.next(START)
    expect(await call.next(performed('7'))).toMatchObject({ performance: { kind: 'gather' } })
    expect(toOf(await call.next(performed('')))).toEqual(['reception'])
  })

  test('refuses what is not signed with its token', async () => {
    const forged = siteOf(`${LOOPBACK}  sources: {main: {twiml: "${url}/voice", auth-token: guessed}}\n`)
    expect(await forged.session().next(START)).toMatchObject({
      ending: { cause: 'failed', status: 503, detail: 'instructions main: the answer is 403' },
    })
    await forged.close()
  })
})
