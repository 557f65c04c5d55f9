import { createSocket } from 'node:dgram'
import { isIP } from 'node:net'
import { MediaError } from './errors.js'
import type { MediaOptions } from './types.js'

/** What stands in descriptions. @throws MediaError `bad-option` */
export function addressOf({ host, advertise }: Pick<MediaOptions, 'host' | 'advertise'>): {
  address: string
  family: 4 | 6
} {
  const address = advertise ?? host
  const family = isIP(host)
  if (family === 0 || isIP(address) === 0)
    throw new MediaError('bad-option', 'host and advertise are IP addresses')
  if (isIP(address) !== family) throw new MediaError('bad-option', 'host and advertise are of one family')
  if (address === '0.0.0.0' || address === '::') {
    throw new MediaError('bad-option', 'advertise is needed where host is every address')
  }
  return { address, family: family === 6 ? 6 : 4 }
}

/** @throws MediaError `bad-option` where nothing can be bound to the address */
export async function probeHost(host: string): Promise<void> {
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ port: 0, address: host, exclusive: true }, resolve)
    })
  } catch (cause) {
    throw new MediaError('bad-option', `cannot bind to ${host}: ${(cause as Error).message}`, { cause })
  } finally {
    socket.close()
  }
}
