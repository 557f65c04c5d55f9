import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { residentStore } from '../../../src/adapters/resident-store/index.js'
import type { Binding, Device, Store } from '../../../src/ports/store.js'
import { StoreConflict, StoreUnavailable } from '../../../src/ports/store.js'
import { someBinding, someDevice } from '../../contract/store.contract.js'
import { FakeClock } from '../../support/fake-clock.js'
import { RecordingLog } from '../../wake/recording-log.js'
import { Disk, Life } from './backing.js'

const NOW = Date.UTC(2026, 0, 1) * 1000
const ACTORS = 4

/** What one actor does to a device and the bindings of his own; the address `shared` is everybody's. */
type Step =
  | {
      readonly do: 'device'
      readonly n: number
      readonly token: 'own' | 'other' | 'shared' | null
      readonly seen: number
    }
  | { readonly do: 'retire'; readonly n: number }
  | { readonly do: 'calls in'; readonly n: number; readonly is: boolean }
  | { readonly do: 'bind'; readonly n: number; readonly device: number | null; readonly cseq: number }
  | { readonly do: 'unbind'; readonly n: number }
  | { readonly do: 'use'; readonly n: number }
  | { readonly do: 'look' }

type Act =
  | { readonly actor: number; readonly step: Step }
  | { readonly world: 'wait' | 'settle' | 'reads fail' | 'writes fail' | 'all well' | 'crash' | 'restart' }

const nth = fc.nat({ max: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('device' as const),
    n: nth,
    token: fc.constantFrom('own' as const, 'other' as const, 'shared' as const, null),
    seen: fc.nat({ max: 3 }),
  }),
  fc.record({ do: fc.constant('retire' as const), n: nth }),
  fc.record({ do: fc.constant('calls in' as const), n: nth, is: fc.boolean() }),
  fc.record({ do: fc.constant('bind' as const), n: nth, device: fc.option(nth), cseq: fc.nat({ max: 9 }) }),
  fc.record({ do: fc.constant('unbind' as const), n: nth }),
  fc.record({ do: fc.constant('use' as const), n: nth }),
  fc.record({ do: fc.constant('look' as const) }),
)
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ actor: fc.nat({ max: ACTORS - 1 }), step }) },
  {
    weight: 2,
    arbitrary: fc.record({
      world: fc.constantFrom('wait', 'settle', 'reads fail', 'writes fail', 'all well', 'crash', 'restart'),
    }),
  },
)

/** What an actor knows to be true of his user. */
interface Truth {
  readonly devices: Map<string, Device>
  readonly bindings: Map<string, Binding>
  /** Bindings that a crash may have taken away or brought back. */
  readonly loose: Set<string>
  readonly uses: Set<string>
}

class World {
  readonly disk = new Disk()
  readonly clock = new FakeClock(NOW)
  readonly truths = Array.from({ length: ACTORS }, (): Truth => {
    return { devices: new Map(), bindings: new Map(), loose: new Set(), uses: new Set() }
  })
  #life = new Life(this.disk)
  #store = this.#open()
  #queues = Array.from({ length: ACTORS }, () => Promise.resolve())

  async run(acts: readonly Act[]): Promise<void> {
    for (const act of acts) {
      if ('actor' in act)
        this.#queues[act.actor] = this.#queue(act.actor).then(() => this.#take(act.actor, act.step))
      else await this.#change(act.world)
    }
    await this.#quiet()
    this.#heal()
    for (let actor = 0; actor < ACTORS; actor += 1) await this.#look(actor)
    await this.#store.close()
    this.#expectOnDisk()
  }

  #open(): Store {
    return residentStore(this.#life.store, {
      ...{ clock: this.clock, log: new RecordingLog() },
      limits: { users: 2, writeBehindMs: 200, pendingRows: 1000, retryMs: [200, 1000] },
    })
  }

  #queue(actor: number): Promise<void> {
    return this.#queues[actor] ?? Promise.resolve()
  }

  async #quiet(): Promise<void> {
    await Promise.all(this.#queues)
  }

  #heal(): void {
    this.disk.readsFail = false
    this.disk.writesFail = false
  }

  async #change(what: Extract<Act, { world: string }>['world']): Promise<void> {
    switch (what) {
      case 'wait':
        this.clock.advance(200)
        return
      case 'settle':
        return this.#quiet()
      case 'reads fail':
        this.disk.readsFail = true
        return
      case 'writes fail':
        this.disk.writesFail = true
        return
      case 'all well':
        this.#heal()
        return
      case 'restart':
        await this.#quiet()
        this.#heal()
        await this.#store.close()
        this.#expectOnDisk()
        break
      case 'crash':
        await this.#quiet()
        this.#heal()
        // What was refused for a failed write is written some time, and here before the end.
        for (let actor = 0; actor < ACTORS; actor += 1) await this.#confirm(actor)
        this.#life.crash()
        this.#expectKept()
        break
      default:
        what satisfies never
    }
    this.#life = new Life(this.disk)
    this.#store = this.#open()
  }

  async #take(actor: number, step: Step): Promise<void> {
    const { devices, bindings, uses } = this.#truth(actor)
    const user = `user-${String(actor)}`
    const id = 'n' in step ? `${user}-${String(step.n)}` : ''
    const store = this.#store
    switch (step.do) {
      case 'device': {
        const names = { own: `${id}-token`, other: `${id}-next`, shared: 'shared' }
        const push = step.token === null ? null : { provider: 'acme', token: names[step.token] }
        const before = devices.get(id)
        const device = someDevice({
          id,
          user,
          push,
          createdAt: before?.createdAt ?? NOW,
          seenAt: NOW + step.seen,
        })
        const done = await outcome(store.putDevice(device))
        if (done === 'conflict') expect(step.token).toBe('shared')
        else if (done !== 'no read') devices.set(id, device)
        return
      }
      case 'retire': {
        const device = devices.get(id)
        if (device === undefined || device.push === null) return
        const done = await outcome(store.retirePush(id, device.push, 'gone', NOW))
        if (done !== 'no read')
          devices.set(id, { ...device, push: null, retired: { at: NOW, reason: 'gone' } })
        return
      }
      case 'calls in': {
        const device = devices.get(id)
        const done = await outcome(store.setCallsIn(id, user, step.is))
        if (device === undefined || done === 'no read') return
        const { callsIn: _, ...rest } = device
        devices.set(id, step.is ? { ...rest, callsIn: true } : rest)
        return
      }
      case 'bind': {
        const deviceId = step.device === null ? null : `${user}-${String(step.device)}`
        const binding = someBinding({ bindingId: id, user, deviceId, cseq: step.cseq })
        const done = await outcome(store.writeBindings({ put: [binding], remove: [] }))
        if (done !== 'no read') bindings.set(id, binding)
        this.#loosen(actor, id, done)
        return
      }
      case 'unbind': {
        const done = await outcome(store.writeBindings({ put: [], remove: [id] }))
        if (done !== 'no read') bindings.delete(id)
        this.#loosen(actor, id, done)
        return
      }
      case 'use': {
        const before = uses.has(id)
        let first: boolean | undefined
        const done = await outcome(store.use(id, 'invite', NOW).then((is) => (first = is)))
        if (done === 'done') expect(first).toBe(!before)
        if (done !== 'no read') uses.add(id)
        return
      }
      case 'look':
        return this.#look(actor)
      default:
        step satisfies never
    }
  }

  /** What a push can bring back may be lost with the process. */
  #loosen(actor: number, id: string, done: string): void {
    const { loose } = this.#truth(actor)
    const onDisk = this.disk.bindings.get(id)
    const is = this.#truth(actor).bindings.get(id)
    if (done === 'done' && JSON.stringify(onDisk) === JSON.stringify(is)) loose.delete(id)
    else loose.add(id)
  }

  async #look(actor: number): Promise<void> {
    const user = `user-${String(actor)}`
    const { devices, bindings } = this.#truth(actor)
    try {
      const found = await this.#store.devicesOf(user)
      expect(byId(found)).toEqual(byId([...devices.values()]))
      expect(byId(await this.#store.bindingsOf(user, NOW))).toEqual(byId([...bindings.values()]))
      for (const device of devices.values()) {
        expect(await this.#store.device(device.id)).toEqual(device)
        if (device.push !== null) expect(await this.#store.deviceByPush(device.push)).toEqual(device)
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
  }

  /** Something of everybody's is written for certain, and with it all that waited because a write had failed. */
  async #confirm(actor: number): Promise<void> {
    const binding = someBinding({
      bindingId: `user-${String(actor)}-sure`,
      user: `user-${String(actor)}`,
      deviceId: null,
    })
    await this.#store.writeBindings({ put: [binding], remove: [] })
    this.#truth(actor).bindings.set(binding.bindingId, binding)
  }

  /** After a crash: all that was promised, and of the rest what there is. */
  #expectKept(): void {
    for (const { devices, bindings, loose, uses } of this.truths) {
      for (const [id, device] of devices) {
        const kept = this.disk.devices.get(id)
        expect({ ...kept, seenAt: device.seenAt }).toEqual(device)
        if (kept !== undefined) devices.set(id, kept)
      }
      for (const id of new Set([...bindings.keys(), ...loose])) {
        const kept = this.disk.bindings.get(id)
        const binding = bindings.get(id)
        const restorable = (one: Binding | undefined): boolean => one?.deviceId != null
        if (!loose.has(id) || (binding !== undefined && !restorable(binding))) expect(kept).toEqual(binding)
        if (kept === undefined) bindings.delete(id)
        else bindings.set(id, kept)
        loose.delete(id)
      }
      for (const id of uses) if (!this.disk.uses.has(`invite ${id}`)) uses.delete(id)
    }
  }

  #expectOnDisk(): void {
    const devices = this.truths.flatMap((truth) => [...truth.devices.values()])
    const bindings = this.truths.flatMap((truth) => [...truth.bindings.values()])
    const uses = this.truths.flatMap((truth) => [...truth.uses])
    expect(byId([...this.disk.devices.values()])).toEqual(byId(devices))
    expect(byId([...this.disk.bindings.values()])).toEqual(byId(bindings))
    expect([...this.disk.uses.values()].map(({ jti }) => jti).sort()).toEqual(uses.sort())
    for (const { loose } of this.truths) loose.clear()
  }

  #truth(actor: number): Truth {
    const truth = this.truths[actor]
    if (truth === undefined) throw new Error('no such actor')
    return truth
  }
}

async function outcome(doing: Promise<unknown>): Promise<'done' | 'conflict' | 'no read' | 'no write'> {
  try {
    await doing
    return 'done'
  } catch (error) {
    if (error instanceof StoreConflict) return 'conflict'
    if (!(error instanceof StoreUnavailable)) throw error
    return error.message === 'no read' ? 'no read' : 'no write'
  }
}

function byId<T extends Device | Binding>(rows: readonly T[]): readonly T[] {
  const key = (row: T): string => ('bindingId' in row ? row.bindingId : row.id)
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

describe('the resident store', () => {
  it('answers and keeps what a store in the database would, whoever does what and whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 60, size: 'max' }), (acts) =>
        new World().run(acts),
      ),
      { numRuns: Number(process.env['REVEILLE_RUNS'] ?? 200) },
    )
  })
})
