import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PushMessage, PushSender, PushTarget } from '../../src/ports/push.js'
import type { Reply } from '../support/push/script.js'

/** A sender and the service that it pushes to. */
export interface PushSubject {
  readonly sender: PushSender
  /** A device that the service knows. */
  readonly target: PushTarget
  /** The pushes that came in, as the app would get them. */
  received(): readonly Readonly<Record<string, unknown>>[]
  /** Resolves when that many have come in. */
  atLeast(count: number): Promise<unknown>
  /** How the next pushes are treated. */
  next(...replies: Reply[]): void
  /** The service's own way to say these. */
  readonly says: Readonly<Record<'gone' | 'unavailable' | 'forbidden', Reply>>
  /** Stops the service and leaves the sender. */
  stopService(): Promise<void>
}

export interface PushSubjectFactory {
  /** `timeoutMs`: how long the sender waits for an answer. */
  (options: { readonly timeoutMs: number }): Promise<PushSubject>
}

/** A signal that nobody aborts; one a push, as a wake has it. */
function never(): AbortSignal {
  return new AbortController().signal
}

/** What every push adapter does, whatever its service. */
export function pushContract(name: string, create: PushSubjectFactory): void {
  describe(`push through ${name}`, () => {
    let subject: PushSubject

    beforeEach(async () => {
      subject = await create({ timeoutMs: 10_000 })
    })

    afterEach(async () => {
      await subject.sender.close()
      await subject.stopService()
    })

    const message = (more: Partial<PushMessage> = {}): PushMessage => ({
      device: { id: 'dev-1', ...subject.target },
      kind: 'call',
      payload: { callId: 'c-1', caller: '+15550100' },
      expiresAt: (Date.now() + 30_000) * 1000,
      collapseKey: 'c-1',
      ...more,
    })

    it('reaches the app with its payload, its kind and its expiry', async () => {
      const expiresAt = Date.UTC(2031, 4, 6, 7, 8, 9, 10) * 1000
      const outcome = await subject.sender.send(message({ expiresAt }), never())
      expect(outcome.kind).toBe('delivered')
      expect(subject.received()).toHaveLength(1)
      expect(subject.received()[0]).toMatchObject({
        callId: 'c-1',
        caller: '+15550100',
        kind: 'call',
        expiresAt: '2031-05-06T07:08:09.010Z',
      })
      expect(Number(subject.received()[0]?.['expiresAtMs'])).toBe(expiresAt / 1000)
    })

    it('a dead token is gone', async () => {
      subject.next(subject.says.gone)
      expect(await subject.sender.send(message(), never())).toMatchObject({ kind: 'gone' })
    })

    it('an overloaded service is worth another try, and is asked only once meanwhile', async () => {
      subject.next(subject.says.unavailable)
      expect(await subject.sender.send(message(), never())).toMatchObject({ kind: 'retry' })
      expect(subject.received()).toHaveLength(1)
      expect(await subject.sender.send(message(), never())).toMatchObject({ kind: 'delivered' })
      expect(subject.received()).toHaveLength(2)
    })

    it('a service that will not have us is not tried again, and says why', async () => {
      subject.next(subject.says.forbidden)
      const outcome = await subject.sender.send(message(), never())
      expect(outcome.kind).toBe('refused')
      expect(outcome).toHaveProperty('detail', expect.stringMatching(/.{10}/))
    })

    it('a connection that is lost is worth another try, on a new one', async () => {
      subject.next({ kind: 'drop' })
      expect(await subject.sender.send(message(), never())).toMatchObject({ kind: 'retry' })
      expect(await subject.sender.send(message(), never())).toMatchObject({ kind: 'delivered' })
    })

    it('a service that is away is worth another try', async () => {
      await subject.stopService()
      expect(await subject.sender.send(message(), never())).toMatchObject({ kind: 'retry' })
    })

    it('a service that hangs is given up after the timeout, and the next push gets through', async () => {
      await subject.sender.close()
      await subject.stopService()
      subject = await create({ timeoutMs: 400 })
      // The first push also pays for what is set up once.
      expect(await retried(() => subject.sender.send(message(), never()))).toMatchObject({
        kind: 'delivered',
      })
      subject.next({ kind: 'hang' })
      expect(await subject.sender.send(message(), never())).toMatchObject({ kind: 'retry' })
      expect(await retried(() => subject.sender.send(message(), never()))).toMatchObject({
        kind: 'delivered',
      })
    })

    it('an abort while the service hangs rejects with the reason', async () => {
      const controller = new AbortController()
      const reason = new Error('the caller gave up')
      subject.next({ kind: 'hang' })
      const sending = subject.sender.send(message(), controller.signal)
      await subject.atLeast(1)
      controller.abort(reason)
      await expect(sending).rejects.toBe(reason)
    })

    it('an abort ahead of the push sends nothing', async () => {
      const reason = new Error('the caller gave up')
      await expect(subject.sender.send(message(), AbortSignal.abort(reason))).rejects.toBe(reason)
      expect(subject.received()).toHaveLength(0)
    })

    it('carries two hundred pushes at once', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          subject.sender.send(message({ payload: { callId: `c-${i}` } }), never()),
        ),
      )
      expect(new Set(outcomes.map((outcome) => outcome.kind))).toEqual(new Set(['delivered']))
      expect(new Set(subject.received().map((push) => push['callId'])).size).toBe(200)
    })

    it('closing ends the pushes in flight, and refuses later ones', async () => {
      subject.next({ kind: 'hang' })
      const sending = subject.sender.send(message(), never())
      await subject.atLeast(1)
      await subject.sender.close()
      expect((await sending).kind).toBe('refused')
      expect(await subject.sender.send(message(), never())).toMatchObject({ kind: 'refused' })
      await subject.sender.close()
      expect(subject.received()).toHaveLength(1)
    })
  })
}

/** Tries again while a slow machine makes a short timeout strike; a service that stays silent ends as `retry`. */
async function retried<T extends { readonly kind: string }>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await send()
    if (outcome.kind !== 'retry' || attempt === 20) return outcome
  }
}
