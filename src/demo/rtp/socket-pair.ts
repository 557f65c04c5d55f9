import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

/** RTP on an even port, RTCP on the next (RFC 3550 §11). */
export interface SocketPair {
  readonly rtp: Socket
  readonly rtcp: Socket
  readonly port: number
}

const attempts = 50

/** Rejects where no free pair was found. */
export async function openSocketPair(host: string): Promise<SocketPair> {
  for (let i = 0; i < attempts; i++) {
    const rtp = await bind(host, 0)
    const { port } = rtp.address()
    const rtcp = port % 2 === 0 ? await bind(host, port + 1).catch(onlyIfTaken) : undefined
    if (rtcp !== undefined) return { rtp, rtcp, port }
    await closeSocket(rtp)
  }
  throw new Error(`no free RTP port pair on ${host} in ${attempts} attempts`)
}

export async function closeSocket(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => socket.close(() => resolve()))
}

async function bind(host: string, port: number): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.bind(port, host)
  await once(socket, 'listening')
  return socket
}

function onlyIfTaken(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined
  throw error
}
