import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { Fleet, type FleetOptions } from '../../src/compose/workers/fleet.js'
import { type HttpDoor, openHttpDoor } from '../../src/compose/workers/http-door.js'
import type { Log } from '../../src/ports/log.js'
import { until } from '../process/support/poll.js'

const entry = new URL('./support/worker.mjs', import.meta.url)
const ends: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

test('connections go to the workers in turn, and are closed on the side of the parent', async () => {
  const { fleet, door } = await started({ workers: 2 })
  const said = [await text(arrive(door)), await text(arrive(door))]
  expect(said.toSorted()).toEqual(fleet.pids.map((pid) => `taken by ${String(pid)}\n`).toSorted())
})

test('a worker that stands still without dying is killed, and another takes its place', async () => {
  const { fleet, errors } = await started({ workers: 2, watch: { everyMs: 50, most: 3 } })
  const [standing, other] = fleet.pids
  process.kill(standing!, 'SIGSTOP')
  await until('another is there', () =>
    Promise.resolve(fleet.pids.length === 2 && !fleet.pids.includes(standing!)),
  )
  expect(fleet.pids).toContain(other)
  expect(errors).toMatchObject([{ worker: 1, signal: 'SIGKILL', reason: 'it did not answer for 0.15 s' }])
})

test('no connection goes to a worker that does not answer while another does', async () => {
  const { fleet, door } = await started({ workers: 2, watch: { everyMs: 20, most: 100_000 } })
  const [standing, other] = fleet.pids
  process.kill(standing!, 'SIGSTOP')
  ends.push(() => void process.kill(standing!, 'SIGKILL'))
  // What is handed before that is noticed has to wait.
  await until('all go to the other', async () => {
    const said = await Promise.all([soon(arrive(door)), soon(arrive(door)), soon(arrive(door))])
    return said.every((one) => one === `taken by ${String(other)}\n`)
  })
})

test('connections that a worker did not take before it died are closed', async () => {
  const { fleet, door } = await started({ workers: 1 })
  const [standing] = fleet.pids
  process.kill(standing!, 'SIGSTOP')
  const waiting = [arrive(door), arrive(door), arrive(door)]
  await Promise.all(waiting.map((connection) => once(connection, 'connect')))
  const closed = waiting.map((connection) => once(connection.resume(), 'close'))
  process.kill(standing!, 'SIGKILL')
  await Promise.all(closed)
})

test('the metrics of a worker that dies while it is asked are left out', async () => {
  const { fleet } = await started({ workers: 2 })
  const [standing, other] = fleet.pids
  process.kill(standing!, 'SIGSTOP')
  const asked = fleet.metrics()
  process.kill(standing!, 'SIGKILL')
  expect(await asked).toEqual([{ worker: '2', text: `pid ${String(other)}` }])
})

async function started(options: Pick<FleetOptions, 'workers' | 'watch'>) {
  const errors: object[] = []
  const silent = () => undefined
  const log: Log = { debug: silent, info: silent, warn: silent, error: (fields) => void errors.push(fields) }
  const fleet = new Fleet({
    ...options,
    entry,
    log,
    start: (worker) => ({
      type: 'start',
      config: undefined,
      share: {
        ...{ worker, workers: options.workers, node: String(worker), gateways: undefined },
        http: { address: '127.0.0.1', family: 'IPv4', port: 1 },
      },
    }),
    metrics: () => Promise.resolve(''),
  })
  ends.push(() => fleet.close())
  const door = await openHttpDoor({ host: '127.0.0.1', port: 0 }, (socket) => fleet.take(socket), log)
  ends.push(() => door.close())
  await fleet.start()
  return { fleet, door, errors }
}

function arrive(door: HttpDoor): Socket {
  const connection = connect(door.address.port, '127.0.0.1')
  connection.on('error', () => undefined)
  ends.push(() => void connection.destroy())
  return connection
}

/** What is said on a connection; undefined where nothing is by the next look. */
async function soon(connection: Socket): Promise<string | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, 200, undefined))
  return Promise.race([text(connection), late])
}
