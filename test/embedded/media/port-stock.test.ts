import { describe, expect, it } from 'vitest'
import { MediaError } from '../../../src/embedded/media/errors.js'
import { PortStock } from '../../../src/embedded/media/port-stock.js'

/** Whoever leases, by hand. */
class Lessor {
  readonly asked: { count: number; give(ports: number[]): void; refuse(error: Error): void }[] = []
  readonly lease = (count: number) =>
    new Promise<readonly number[]>((give, refuse) => this.asked.push({ count, give, refuse }))
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('ports that are at hand', () => {
  it('are asked for together with more, and given in the order of who waits', async () => {
    const lessor = new Lessor()
    const stock = new PortStock(lessor.lease)
    expect(stock.take()).toBeUndefined()
    const waiting = [stock.wait(undefined), stock.wait(undefined)]
    expect(lessor.asked.map(({ count }) => count)).toEqual([3])
    lessor.asked[0]?.give([2, 4, 6])
    expect(await Promise.all(waiting)).toEqual([2, 4])
    expect(stock.take()).toBe(6)
  })

  it('are asked for again before they run out, once at a time', async () => {
    const lessor = new Lessor()
    const stock = new PortStock(lessor.lease)
    const first = stock.wait(undefined)
    lessor.asked[0]?.give([2, 4, 6])
    await first
    expect([stock.take(), stock.take()]).toEqual([4, 6])
    expect(lessor.asked.map(({ count }) => count)).toEqual([3, 4])
  })

  it('that are too few for all who wait serve the first ones, and the others hear why', async () => {
    const lessor = new Lessor()
    const stock = new PortStock(lessor.lease)
    const waiting = [stock.wait(undefined), stock.wait(undefined)]
    lessor.asked[0]?.give([2])
    expect(await waiting[0]).toBe(2)
    lessor.asked[1]?.refuse(new MediaError('no-ports', 'none left'))
    await expect(waiting[1]).rejects.toThrow('none left')
  })

  it('come back from who could not use them, to who waits or for the next', async () => {
    const lessor = new Lessor()
    const stock = new PortStock(lessor.lease)
    const waiting = stock.wait(undefined)
    stock.putBack(8)
    expect(await waiting).toBe(8)
    stock.putBack(10)
    expect(stock.take()).toBe(10)
  })

  it('are nobody’s once it is closed, those that come late among them', async () => {
    const lessor = new Lessor()
    const stock = new PortStock(lessor.lease)
    const waiting = stock.wait(undefined)
    stock.close(new MediaError('engine-lost', 'gone'))
    await expect(waiting).rejects.toThrow('gone')
    lessor.asked[0]?.give([2])
    await turn()
    expect(stock.take()).toBeUndefined()
    await expect(stock.wait(undefined)).rejects.toThrow('gone')
  })
})
