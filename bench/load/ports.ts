import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'

/** Ports of loopback that were free a moment ago, for TCP and for UDP, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const held: Held[] = []
  try {
    while (held.length < count) held.push(await holdPort())
    return held.map(({ port }) => port)
  } finally {
    await Promise.all(held.map(release))
  }
}

interface Held {
  readonly port: number
  readonly tcp: Server
  readonly udp: Socket
}

/** One that both protocols are free on: what is free for one may be taken for the other. */
async function holdPort(): Promise<Held> {
  for (;;) {
    const tcp = createServer().listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    const { port } = tcp.address() as AddressInfo
    const udp = createSocket('udp4').bind(port, '127.0.0.1')
    try {
      await once(udp, 'listening')
      return { port, tcp, udp }
    } catch (error) {
      await release({ port, tcp, udp })
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    }
  }
}

async function release({ tcp, udp }: Held): Promise<void> {
  const closed = [once(tcp, 'close'), once(udp, 'close')]
  tcp.close()
  udp.close()
  await Promise.all(closed)
}
