import { describe, expect, it } from 'vitest'
import { SerialQueue } from '../../src/registrar/serial-queue.js'
import { Harness } from './harness.js'
import type { Store } from '../../src/ports/store.js'

const PUSHED = '<sip:alice@h;pn-provider=acme;pn-prid=T1>'

/** A promise and the function that fulfils it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

describe('when the store is away', () => {
  it.each<keyof Store>(['bindingsOf', 'devicesOf', 'deviceByPush', 'putDevice', 'writeBindings'])(
    'a REGISTER that fails in %s gets 503, is told to nobody, and works when it comes again',
    async (method) => {
      const harness = new Harness()
      harness.store.failWhile((called) => called === method)
      const answer = await harness.register({ contact: PUSHED })
      expect(answer.status).toBe(503)
      expect(answer.header('Retry-After')).toBe('5')
      expect(harness.published).toEqual([])
      harness.store.failWhile(() => false)
      expect(await harness.bindings()).toEqual([])
      expect((await harness.register({ contact: PUSHED })).status).toBe(200)
      expect(await harness.store.listDevices()).toHaveLength(1)
    },
  )

  it('a challenge still goes out', async () => {
    const harness = new Harness()
    harness.store.failWhile(() => true)
    expect((await harness.send({})).status).toBe(401)
  })

  it('clearing up says so to its caller', async () => {
    const harness = new Harness()
    harness.store.failWhile(() => true)
    await expect(harness.registrar.forgetExpired()).rejects.toThrow('away')
  })
})

describe('when something unforeseen fails', () => {
  it('the phone gets 500 and the log the error', async () => {
    const failure = new Error('no ids left')
    const harness = new Harness({
      ids: () => {
        throw failure
      },
    })
    expect((await harness.register({ contact: PUSHED })).status).toBe(500)
    expect(harness.log.some(({ level, fields }) => level === 'error' && fields['err'] === failure)).toBe(true)
  })

  it('in the bus, the phone is registered all the same and the log has the error', async () => {
    const failure = new Error('bus closed')
    const harness = new Harness({ bus: { publish: () => Promise.reject(failure) } })
    expect((await harness.register({ contact: PUSHED })).status).toBe(200)
    expect(harness.log.some(({ level, fields }) => level === 'error' && fields['err'] === failure)).toBe(true)
  })
})

describe('REGISTERs at one time', () => {
  it('of one user are done one after the other, in the order in which they came', async () => {
    const harness = new Harness()
    const store = gate()
    const authorizations = [await harness.authorization({}), await harness.authorization({})]
    harness.store.delayBy(() => store.opened)
    const first = harness.send({
      contact: '<sip:alice@old>',
      cseq: 1,
      authorization: authorizations.slice(0, 1),
    })
    const second = harness.send({
      contact: ['<sip:alice@old>;expires=0', '<sip:alice@new>'],
      cseq: 2,
      authorization: authorizations.slice(1),
    })
    store.open()
    expect([(await first).status, (await second).status]).toEqual([200, 200])
    expect((await harness.bindings()).map(({ uri }) => uri)).toEqual(['sip:alice@new'])
  })

  it('of two users with one new token leave it with one of them', async () => {
    const harness = new Harness()
    const users = ['alice', 'bob']
    const authorizations = await Promise.all(users.map((user) => harness.authorization({ user })))
    const answers = await Promise.all(
      users.map((user, at) =>
        harness.send({
          user,
          callId: user,
          contact: PUSHED,
          authorization: authorizations.slice(at, at + 1),
        }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect((await harness.store.listDevices()).filter(({ push }) => push)).toHaveLength(1)
  })

  it('of one user beyond sixteen are put off', async () => {
    const harness = new Harness()
    const authorizations = await Promise.all(Array.from({ length: 17 }, () => harness.authorization({})))
    const store = gate()
    harness.store.delayBy(() => store.opened)
    const all = authorizations.map((authorization) => harness.send({ authorization: [authorization] }))
    const last = await all[16]
    expect(last?.status).toBe(503)
    store.open()
    expect((await Promise.all(all.slice(0, 16))).map(({ status }) => status)).toEqual(Array(16).fill(200))
  })
})

describe('closing', () => {
  it('waits for what is under way and puts off what comes later', async () => {
    const harness = new Harness()
    const authorization = [await harness.authorization({})]
    const store = gate()
    const entered = gate()
    harness.store.delayBy(() => {
      entered.open()
      return store.opened
    })
    const before = harness.send({ contact: PUSHED, authorization })
    await entered.opened
    let closed = false
    const closing = harness.registrar.close().then(() => {
      closed = true
    })
    const after = await harness.send({ contact: PUSHED })
    expect([after.status, after.header('Retry-After'), closed]).toEqual([503, '5', false])
    store.open()
    await closing
    expect((await before).status).toBe(200)
  })
})

describe('the serial queue', () => {
  it('lets work with several keys wait for all of them, and goes on after a failure', async () => {
    const queue = new SerialQueue()
    const done: string[] = []
    const held = gate()
    const work =
      (name: string, wait: Promise<void> = Promise.resolve()) =>
      async () => {
        await wait
        done.push(name)
      }
    const all = [
      queue.run(['a'], work('a', held.opened)),
      queue.run(['b'], () => Promise.reject(new Error('failed'))).catch(() => done.push('b failed')),
      queue.run(['b', 'a', 'b'], work('both')),
      queue.run(['a'], work('a again')),
      queue.run(['c'], work('c')),
    ]
    await all[4]
    expect(done).not.toContain('both')
    expect(queue.depth('a')).toBe(3)
    held.open()
    await Promise.all(all)
    expect(done.filter((name) => name.includes('a') || name === 'both')).toEqual([
      'b failed',
      'a',
      'both',
      'a again',
    ])
    expect(queue.size).toBe(0)
  })
})
