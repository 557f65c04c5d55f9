import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEmbeddedMedia } from '../../../src/adapters/embedded-media/media.js'
import { createMediaPool } from '../../../src/adapters/media-pool/media-pool.js'
import { systemClock } from '../../../src/adapters/system/clock.js'
import type { Media, MediaEndpoint } from '../../../src/ports/media.js'

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const FIRST_PORT = 20_000 + (process.pid % 40) * 1000

/** RTP ports of an SDP tell the engine. */
function regionOf(endpoint: MediaEndpoint): string {
  const port = Number(/^m=audio (\d+)/m.exec(endpoint.localSdp)?.[1])
  return port < FIRST_PORT + 100 ? 'eu' : 'us'
}

let eu: Media
let us: Media
let pool: Media

beforeEach(async () => {
  const start = (name: string, n: number, ports: number): Promise<Media> =>
    createEmbeddedMedia(
      { name, region: name, host: '127.0.0.1', ports: { min: n, max: n + ports - 1 } },
      systemClock,
      log,
    )
  eu = await start('eu', FIRST_PORT, 4)
  us = await start('us', FIRST_PORT + 100, 100)
  pool = createMediaPool([eu, us], log)
})

afterEach(() => pool.close())

describe('several media engines', () => {
  test('make an endpoint in the first of the regions that are wanted', async () => {
    expect(regionOf(await pool.endpoint({ regions: ['us', 'eu'] }))).toBe('us')
    expect(regionOf(await pool.endpoint({ regions: ['eu', 'us'] }))).toBe('eu')
  })

  test('make it where there is least to do, where no region is wanted', async () => {
    await eu.endpoint({})
    expect(regionOf(await pool.endpoint({}))).toBe('us')
  })

  test('make the other side of a call where the first one is, so that they can be joined', async () => {
    const caller = await pool.endpoint({ regions: ['us'] })
    const callee = await pool.endpoint({ offerLike: caller, regions: ['eu'] })
    expect(regionOf(callee)).toBe('us')
    await caller.accept(callee.localSdp)
    await callee.accept(caller.localSdp)
    await caller.join(callee)
  })

  test('go on with another where the ports of one are used up', async () => {
    const regions = ['eu']
    const made = [await pool.endpoint({ regions }), await pool.endpoint({ regions })]
    expect(made.map(regionOf)).toEqual(['eu', 'eu'])
    expect(regionOf(await pool.endpoint({ regions }))).toBe('us')
  })

  test('go on without one that is away, and say how each is', async () => {
    await eu.close()
    expect(pool.servers).toEqual([
      { name: 'eu', region: 'eu', up: false, full: false, load: 0 },
      { name: 'us', region: 'us', up: true, full: false, load: 0 },
    ])
    expect(regionOf(await pool.endpoint({ regions: ['eu'] }))).toBe('us')
    expect(await pool.gauges()).toMatchObject({ endpoints: 1 })
  })

  test('give no endpoint once all are away', async () => {
    await Promise.all([eu.close(), us.close()])
    await expect(pool.endpoint({})).rejects.toMatchObject({ code: 'lost' })
    await expect(pool.gauges()).rejects.toMatchObject({ code: 'lost' })
  })

  test('do not try an offer with another that one has refused', async () => {
    await expect(pool.endpoint({ offer: 'v=0\r\n', regions: ['eu'] })).rejects.toMatchObject({
      code: 'not-acceptable',
    })
  })
})
