import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bus, BusMessage } from '../../src/ports/bus.js'
import type { Log } from '../../src/ports/log.js'

export interface LoggedError {
  readonly fields: object
  readonly message: string
}

/** A log that keeps the errors and warnings that it is told. */
export function errorLog(errors: LoggedError[]): Log {
  const keep = (fields: object, message: string) => {
    errors.push({ fields, message })
  }
  return { debug: () => undefined, info: () => undefined, warn: keep, error: keep }
}

export function retired(deviceId: string): BusMessage {
  return { type: 'device-retired', user: 'alice', deviceId, reason: '410 "gone" – ✓' }
}

/** Collects what a subscription hears; `heard(n)` waits until it is n messages. */
export function collector() {
  const messages: BusMessage[] = []
  let wake: () => void = () => undefined
  return {
    messages,
    listen: (message: BusMessage) => {
      messages.push(message)
      wake()
    },
    async heard(count: number): Promise<readonly BusMessage[]> {
      while (messages.length < count) await new Promise<void>((resolve) => (wake = resolve))
      return messages
    },
  }
}

/**
 * What every bus does.
 *
 * @param open makes the buses of two nodes; a bus that knows one node only gives the same one twice
 */
export function busContract(name: string, open: (log: Log) => Promise<readonly [Bus, Bus]>): void {
  describe(`the bus ${name}`, () => {
    let near: Bus
    let far: Bus
    let errors: LoggedError[]
    beforeEach(async () => {
      errors = []
      ;[near, far] = await open(errorLog(errors))
    })
    afterEach(async () => {
      await near.close()
      await far.close()
    })

    it('delivers a message to every subscriber of every node, the sender included', async () => {
      const [a, b, c] = [collector(), collector(), collector()]
      near.subscribe(a.listen)
      near.subscribe(b.listen)
      far.subscribe(c.listen)
      await near.publish(retired('d1'))
      for (const each of [a, b, c]) expect(await each.heard(1)).toEqual([retired('d1')])
    })

    it('delivers the messages of one sender in their order', async () => {
      const ids = Array.from({ length: 100 }, (_, n) => `d${String(n)}`)
      const there = collector()
      far.subscribe(there.listen)
      await Promise.all(ids.map((id) => near.publish(retired(id))))
      expect(await there.heard(ids.length)).toEqual(ids.map(retired))
    })

    it('hands a message on only after publish has returned', async () => {
      const here = collector()
      near.subscribe(here.listen)
      const published = near.publish(retired('d1'))
      expect(here.messages).toEqual([])
      await published
      await here.heard(1)
    })

    it('takes messages from a listener that is hearing one', async () => {
      const here = collector()
      let answered: Promise<void> | undefined
      near.subscribe(() => {
        answered ??= near.publish(retired('second'))
      })
      near.subscribe(here.listen)
      await near.publish(retired('first'))
      expect(await here.heard(2)).toEqual([retired('first'), retired('second')])
      await answered
    })

    it('does not let a listener that throws keep a message from the others, and says so in the log', async () => {
      const here = collector()
      near.subscribe(() => {
        throw new Error('deaf')
      })
      near.subscribe(here.listen)
      await near.publish(retired('d1'))
      await near.publish(retired('d2'))
      expect(await here.heard(2)).toHaveLength(2)
      expect(errors).toHaveLength(2)
      expect(errors[0]?.message).toBe('a listener of the bus failed')
      expect(errors[0]?.fields).toMatchObject({ err: new Error('deaf'), message: 'device-retired' })
    })

    it('tells a listener nothing more once its subscription has ended', async () => {
      const [gone, here] = [collector(), collector()]
      const end = near.subscribe(gone.listen)
      near.subscribe(here.listen)
      await near.publish(retired('d1'))
      await here.heard(1)
      end()
      end()
      await near.publish(retired('d2'))
      await here.heard(2)
      expect(gone.messages).toEqual([retired('d1')])
    })

    it('keeps two subscriptions of one listener apart', async () => {
      const here = collector()
      const end = near.subscribe(here.listen)
      near.subscribe(here.listen)
      end()
      await near.publish(retired('d1'))
      expect(await here.heard(1)).toHaveLength(1)
    })

    it('delivers before it closes what it has taken, and takes nothing afterwards', async () => {
      const here = collector()
      near.subscribe(here.listen)
      const published = near.publish(retired('d1'))
      await near.close()
      await published
      expect(here.messages).toEqual([retired('d1')])
      await expect(near.publish(retired('d2'))).rejects.toThrow('the bus is closed')
      await near.close()
    })
  })
}
