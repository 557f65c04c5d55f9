import { describe, expect, test } from 'vitest'
import type { MediaEndpoint, MediaEndpointEvents } from '../../src/ports/media.js'
import type { IncomingCall } from '../../src/ports/signaling.js'
import type { CallerTerms } from '../../src/routing/table.js'
import { CallerSide } from '../../src/runtime/caller-side.js'
import type { CallSettings } from '../../src/runtime/services.js'
import { FakeClock } from '../support/fake-clock.js'
import { RecordingLog } from '../wake/recording-log.js'

/** A caller with media, whose signaling says whether it is out of reach. */
class World {
  readonly clock = new FakeClock()
  readonly log = new RecordingLog()
  readonly told: string[] = []
  asked = 0
  away = false
  broken: Error | undefined
  packets = 5
  private events: MediaEndpointEvents = {}
  readonly caller: CallerSide

  constructor(timed = true) {
    const counters = () => Promise.resolve({ packetsIn: this.packets })
    const endpoint = { counters, close: () => Promise.resolve() } as unknown as MediaEndpoint
    const media = {
      endpoint: ({ events = {} }: { events?: MediaEndpointEvents }) => {
        this.events = events
        return Promise.resolve(endpoint)
      },
    }
    const say = (what: string) => () => void this.told.push(what)
    const events = { mediaTimeout: say('silent'), mediaLost: say('lost'), vanished: say('gone') }
    this.caller = new CallerSide(
      media,
      {} as CallSettings,
      {
        ...events,
        digit: () => undefined,
        callerEnded: () => undefined,
        info: () => Promise.resolve(200),
      },
      this.clock,
      this.log,
    )
    const vanished = () => {
      this.asked += 1
      return this.broken === undefined ? Promise.resolve(this.away) : Promise.reject(this.broken)
    }
    const invite = { offer: 'offer', ...(timed ? { vanished } : {}) }
    this.caller.arrive(invite as unknown as IncomingCall, {} as CallerTerms)
  }

  /** The engine finds it silent. */
  async silence(): Promise<void> {
    await this.caller.endpoint()
    this.events.timeout?.()
    await this.settled()
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms)
    await this.settled()
  }

  private settled(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }
}

describe('a caller without session timer', () => {
  test('is gone when it is silent and out of reach', async () => {
    const world = new World()
    world.away = true
    await world.silence()
    expect(world.told).toEqual(['silent', 'gone'])
    await world.caller.close()
    expect(world.clock.pending).toBe(0)
  })

  test('that goes away later, and is silent still, is gone then', async () => {
    const world = new World()
    await world.silence()
    await world.pass(60_000)
    expect(world.told).toEqual(['silent'])
    world.away = true
    await world.pass(15_000)
    expect(world.told).toEqual(['silent', 'gone'])
  })

  test('is there as long as it is heard', async () => {
    const world = new World()
    await world.silence()
    world.away = true
    world.packets += 1
    await world.pass(15_000)
    expect(world.told).toEqual(['silent'])
    expect(world.clock.pending).toBe(0)
    await world.silence()
    expect(world.told).toEqual(['silent', 'silent', 'gone'])
  })

  test('is not given up because it cannot be asked about', async () => {
    const world = new World()
    world.broken = new Error('the database is away')
    await world.silence()
    expect(world.told).toEqual(['silent'])
    expect(world.log.at('warn')).toMatchObject([{ fields: { err: world.broken } }])
    world.broken = undefined
    world.away = true
    await world.pass(15_000)
    expect(world.told).toEqual(['silent', 'gone'])
  })

  test('is not looked for once its call is over', async () => {
    const world = new World()
    await world.silence()
    await world.caller.close()
    expect(world.clock.pending).toBe(0)
    await world.pass(60_000)
    expect(world.asked).toBe(1)
  })
})

test('a caller with a session timer is left to that', async () => {
  const world = new World(false)
  await world.silence()
  expect(world.told).toEqual(['silent'])
  expect([world.asked, world.clock.pending]).toEqual([0, 0])
})
