import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Below the ports that systems give out by themselves, and below the media ports of servers under test. */
const FIRST = 10_000
const COUNT = 9_000

/** Each process begins elsewhere, and goes on from there: so nobody is given the same ports twice in a row. */
let next = (process.pid * 61) % COUNT

/** The first of a run of ports on loopback that are free now for UDP and for TCP; for programs that cannot choose. */
export async function freePorts(count = 1): Promise<number> {
  for (let tries = 0; tries < COUNT; tries += count) {
    const first = FIRST + next
    next = (next + count) % (COUNT - count)
    if (await areFree(first, count)) return first
  }
  throw new Error(`no ${count} free ports from ${FIRST} to ${FIRST + COUNT}`)
}

async function areFree(first: number, count: number): Promise<boolean> {
  const held: (Socket | Server)[] = []
  try {
    for (let port = first; port < first + count; port++) {
      const udp = createSocket('udp4')
      const tcp = createServer()
      held.push(udp, tcp)
      await Promise.all([
        bound(udp, () => udp.bind(port, '127.0.0.1')),
        bound(tcp, () => tcp.listen(port, '127.0.0.1')),
      ])
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return false
  } finally {
    await Promise.all(held.map((one) => closed(one)))
  }
}

async function bound(one: Socket | Server, bind: () => unknown): Promise<void> {
  const listening = once(one, 'listening')
  bind()
  await listening
}

/** One that never came to listen has nothing to close, and says so. */
function closed(one: Socket | Server): Promise<void> {
  return new Promise((resolve) => {
    one.on('error', () => resolve())
    one.close(() => resolve())
  })
}
