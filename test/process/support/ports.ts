import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Ports for servers that must have the same ones after a restart. They lie below those that the operating system
 * hands out by itself, so that no other test gets one in between; test files, each a process, begin at different ones.
 */
const FIRST = 10_000
const SLICE = 80
let next = FIRST + (process.pid % 120) * SLICE

/** One that nobody listens on now, neither by UDP nor by TCP. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = next++
    if (await isFree(port)) return port
  }
}

export async function isFree(port: number): Promise<boolean> {
  try {
    const holders = await Promise.all([holdUdp(port), holdTcp(port)])
    await Promise.all(holders.map((close) => close()))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false
    throw error
  }
}

type Release = () => Promise<unknown>

/** Takes the port until the returned function is called. Rejects where it is taken. */
export async function holdUdp(port: number): Promise<Release> {
  const socket = createSocket('udp4').bind(port, '127.0.0.1')
  await once(socket, 'listening')
  return () => {
    const closed = once(socket, 'close')
    socket.close()
    return closed
  }
}

export async function holdTcp(port: number): Promise<Release> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return () => {
    const closed = once(server, 'close')
    server.close()
    return closed
  }
}
