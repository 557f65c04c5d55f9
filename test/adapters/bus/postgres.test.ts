import pg from 'pg'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { createPostgresBus, type BusLimits } from '../../../src/adapters/bus/postgres.js'
import { openStore } from '../../../src/adapters/postgres/index.js'
import type { Bus } from '../../../src/ports/bus.js'
import type { Log } from '../../../src/ports/log.js'
import { collector, errorLog, retired } from '../../contract/bus.contract.js'
import { createDatabase, describeWith, ownPostgres, type TestDatabase } from '../../support/postgres/index.js'

const postgres = await ownPostgres()

describeWith('the bus on PostgreSQL', postgres, (server) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createDatabase(server.url)
    const store = await openStore({ engine: 'postgres', url: database.url })
    await store.migrate()
    await store.close()
    return () => database.drop()
  })

  async function node(limits: Partial<BusLimits> = {}, log = errorLog([])): Promise<Bus> {
    const quick = { retry: [5, 20], poll: 60_000, ...limits } as const
    const bus = await createPostgresBus({ url: database.url, log, limits: quick })
    onTestFinished(() => bus.close())
    return bus
  }

  async function sql<T extends object>(text: string): Promise<readonly T[]> {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    try {
      return (await client.query<T>(text)).rows
    } finally {
      await client.end()
    }
  }

  it('carries messages far longer than a NOTIFY may be', async () => {
    const [near, far, there] = [await node(), await node(), collector()]
    far.subscribe(there.listen)
    const long = retired(`d${'ü\0\ud800"'.repeat(50_000)}`)
    await near.publish(long)
    await near.publish(retired('d2'))
    expect(await there.heard(2)).toEqual([long, retired('d2')])
  })

  it('catches up with what was said while its connection was gone', async () => {
    const [near, far, there] = [await node(), await node(), collector()]
    far.subscribe(there.listen)
    await near.publish(retired('d0'))
    await there.heard(1)
    const ids = Array.from({ length: 50 }, (_, n) => `d${n + 1}`)
    for (const id of ids) {
      if (id === 'd10' || id === 'd30') {
        await sql(`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'reveille bus'`)
      }
      await near.publish(retired(id))
    }
    expect(await there.heard(ids.length + 1)).toEqual(['d0', ...ids].map(retired))
  })

  it.each(['stop', 'crash'] as const)(
    'keeps what is said during an outage (%s) until it is over',
    async (end) => {
      const [near, far] = [await node(), await node()]
      const [here, there] = [collector(), collector()]
      near.subscribe(here.listen)
      far.subscribe(there.listen)
      await near.publish(retired('before'))
      await there.heard(1)
      await server[end]()
      const meanwhile = ['d1', 'd2', 'd3'].map((id) => near.publish(retired(id)))
      // On its own node a message needs no database.
      await here.heard(4)
      expect(there.messages).toHaveLength(1)
      await server.restart()
      await Promise.all(meanwhile)
      expect(await there.heard(4)).toEqual(['before', 'd1', 'd2', 'd3'].map(retired))
    },
  )

  it('notices a connection that is dead without a word, and hears what was said meanwhile', async () => {
    const noticed = new Signal()
    const log: Log = { ...errorLog([]), warn: (_, message) => noticed.hear(message) }
    const near = await node({ statement: 100 })
    const far = await node({ statement: 100, poll: 20 }, log)
    const there = collector()
    far.subscribe(there.listen)
    await server.freeze()
    const said = near.publish(retired('d1'))
    await noticed.heard('the bus has lost the database: other nodes are not heard')
    server.thaw()
    await said
    expect(await there.heard(1)).toEqual([retired('d1')])
  })

  it('gives a message up that could not be written for long, and says so to the sender', async () => {
    const near = await node({ patience: 50 })
    await server.stop()
    await expect(near.publish(retired('d1'))).rejects.toThrow(/ECONNREFUSED|terminat/)
    await server.restart()
    const [far, there] = [await node(), collector()]
    far.subscribe(there.listen)
    await near.publish(retired('d2'))
    expect(await there.heard(1)).toEqual([retired('d2')])
  })

  it('closes during an outage, and rejects what it could not write', async () => {
    const near = await node()
    await server.stop()
    const said = near.publish(retired('d1')).catch((error: unknown) => error)
    await near.close()
    expect(await said).toBeInstanceOf(Error)
    await server.restart()
  })

  it('delivers the messages of many senders, each in its order', async () => {
    const nodes = await Promise.all([node(), node(), node()])
    const there = collector()
    nodes[0]?.subscribe(there.listen)
    const said = nodes.map((bus, n) =>
      Promise.all(Array.from({ length: 40 }, (_, seq) => bus.publish(retired(`${n}.${seq}`)))),
    )
    await Promise.all(said)
    const heard = (await there.heard(120)).flatMap((m) => (m.type === 'device-retired' ? [m.deviceId] : []))
    for (const n of [0, 1, 2]) {
      const mine = heard.filter((id) => id.startsWith(`${n}.`))
      expect(mine).toEqual(Array.from({ length: 40 }, (_, seq) => `${n}.${seq}`))
    }
  })

  it('does not hear what was said before it was there', async () => {
    const near = await node()
    await near.publish(retired('early'))
    const [far, there] = [await node(), collector()]
    far.subscribe(there.listen)
    await near.publish(retired('late'))
    expect(await there.heard(1)).toEqual([retired('late')])
  })

  it('deletes messages once they are old', async () => {
    const near = await node({ keep: 1, poll: 5 })
    await near.publish(retired('d1'))
    for (;;) {
      const rows = await sql('select 1 from bus_messages')
      if (rows.length === 0) return
    }
  })

  it('fetches what came another way already together with what did not', async () => {
    const [near, far, there] = [await node(), await node(), collector()]
    // Of itself it would come in a minute.
    const late = await node({ linger: 60_000 })
    late.subscribe(there.listen)
    late.heardSooner?.(near.sender ?? '')
    await near.publish(retired('d1'))
    await near.publish(retired('d2'))
    await far.publish(retired('d3'))
    expect(await there.heard(3)).toEqual([retired('d1'), retired('d2'), retired('d3')])
  })

  it('fetches what came another way already by itself, too', async () => {
    const [near, late, there] = [await node(), await node({ linger: 20 }), collector()]
    late.subscribe(there.listen)
    late.heardSooner?.(near.sender ?? '')
    for (const id of ['d1', 'd2', 'd3']) await near.publish(retired(id))
    expect(await there.heard(3)).toEqual([retired('d1'), retired('d2'), retired('d3')])
  })

  it('hears on after the database was put back to an earlier state', async () => {
    const [near, far, there] = [await node(), await node(), collector()]
    far.subscribe(there.listen)
    await near.publish(retired('d1'))
    await near.publish(retired('d2'))
    await there.heard(2)
    await sql('truncate bus_messages restart identity')
    await server.stop()
    await server.restart()
    // Both are connected again when this one has been read.
    await near.publish(retired('d3'))
    for (let n = 4; there.messages.length < 3; n += 1) await near.publish(retired(`d${n}`))
  })

  it('does not come about where the database cannot be reached', async () => {
    const url = new URL(database.url)
    url.port = '1'
    await expect(createPostgresBus({ url: url.href, log: errorLog([]) })).rejects.toThrow('ECONNREFUSED')
  })
})

/** Waits for a line of the log. */
class Signal {
  readonly #lines: string[] = []
  #wake: () => void = () => undefined

  hear(line: string): void {
    this.#lines.push(line)
    this.#wake()
  }

  async heard(line: string): Promise<void> {
    while (!this.#lines.includes(line)) await new Promise<void>((resolve) => (this.#wake = resolve))
  }
}
