import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PushService } from '../../../src/demo/index.js'
import { PhoneApp, type CellPhone, type PhoneAppOptions } from '../../../src/demo/carrier/index.js'
import { PrimaryApi } from './primary-api.js'
import { ann, did, openWorld, subscriber, type World } from './world.js'

let world: World
let api: PrimaryApi
let push: PushService
let phone: CellPhone
const apps: PhoneApp[] = []

beforeEach(async () => {
  world = await openWorld()
  api = await PrimaryApi.open()
  push = await PushService.open()
  phone = world.network.phone({ number: subscriber })
  phone.dial(`**67*${did}#`)
})
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
  await push.close()
  await api.close()
  await world.close()
})

async function appWith(options: Partial<PhoneAppOptions>): Promise<PhoneApp> {
  const app = await PhoneApp.open(phone, { api: api.address, token: 'secret', ways: ['poll'], ...options })
  apps.push(app)
  return app
}

async function pushed(): Promise<void> {
  const payload = { kind: 'primary-instruction', primaryCall: 'p1', do: 'reject', device: { token: 'cell' } }
  expect((await fetch(push.url, { method: 'POST', body: JSON.stringify(payload) })).status).toBe(200)
}

describe('the app of a cell phone', () => {
  it('reports that it rings, and rejects when a poll tells it to', async () => {
    const app = await appWith({})
    const call = world.network.call(ann, subscriber)
    const primary = await app.nextCall()
    expect(await primary.id()).toBe('p1')
    expect(api.said[0]).toMatchObject({
      line: 'POST /v1/primary-calls',
      token: 'Bearer secret',
      body: { subscriber, caller: ann.number },
    })
    expect(call.phase).toBe('ringing')
    api.instruct()
    await world.atDid.nextCall()
    await expect.poll(() => api.events).toEqual(['acknowledged', 'rejected'])
    expect(app.faults).toEqual([])
  })

  it.each(['channel', 'push'] as const)('rejects when told so by %s', async (way) => {
    const app = await appWith({ ways: [way], push: { service: push, token: 'cell' } })
    world.network.call(ann, subscriber)
    const primary = await app.nextCall()
    await primary.id()
    if (way === 'channel') api.instructByChannel()
    else await pushed()
    expect(await primary.instructed).toMatchObject({ by: way })
    await world.atDid.nextCall()
    await expect.poll(() => api.events).toEqual(['acknowledged', 'rejected'])
  })

  it('obeys once where it is told in every way', async () => {
    const app = await appWith({ ways: ['channel', 'push', 'poll'], push: { service: push, token: 'cell' } })
    world.network.call(ann, subscriber)
    const primary = await app.nextCall()
    await primary.id()
    api.instructByChannel()
    await pushed()
    await expect.poll(() => primary.heardBy).toHaveLength(2)
    await expect.poll(() => api.events).toEqual(['acknowledged', 'rejected'])
    expect(await world.atDid.nextCall()).toBeDefined()
    expect(world.atDid.calls).toHaveLength(1)
  })

  it('tells of an answer by hand, of a rejection by hand, and of a caller who gave up', async () => {
    await appWith({})
    const answered = world.network.call(ann, subscriber)
    answered.answer()
    await expect.poll(() => api.events).toEqual(['answered'])
    answered.hangUp()
    world.network.call(ann, subscriber).reject()
    await expect.poll(() => api.events).toEqual(['answered', 'rejected'])
    world.network.call({ number: null }, subscriber).hangUp()
    await expect.poll(() => api.events).toEqual(['answered', 'rejected', 'ended'])
  })

  it('may be unable to reject, and says so', async () => {
    const app = await appWith({ obeys: 'cannot' })
    const call = world.network.call(ann, subscriber)
    await (await app.nextCall()).id()
    api.instruct()
    await expect.poll(() => api.events).toEqual(['acknowledged', 'failed'])
    expect(call.phase).toBe('ringing')
  })

  it('says nothing more of a call that the server does not take', async () => {
    api.status = 409
    const app = await appWith({})
    const call = world.network.call(ann, subscriber)
    const primary = await app.nextCall()
    expect(await primary.reported).toMatchObject({ status: 409 })
    call.reject()
    await world.atDid.nextCall()
    await primary.say('rejected')
    expect(api.events).toEqual([])
    expect(app.faults).toEqual([])
  })
})
