import { z } from 'zod'
import type { Files } from './files.js'
import { address, EVERY_ADDRESS, flag, host, portRange, text, whole } from './leaf.js'
import { collide, listener } from './listener.js'
import { finished, section } from './section.js'

export const regionName = text('the name of a region')

const mediaOfRegion = finished(
  {
    host: address().describe('The address that RTP is sent from and received at.'),
    advertise: address().optional().describe('The address in our SDP, where it is another.'),
    ports: portRange().describe('RTP and RTCP; of its own where another engine has the same address.'),
  },
  (value, complain) => {
    if (EVERY_ADDRESS.has(value.host) && value.advertise === undefined) {
      complain('is every address: advertise must say at which one we are reached', 'host')
    }
    return value
  },
)

/** A region. With servers of the operator's it is a name; embedded engines it may have of its own. */
export function region(files: Files) {
  return finished(
    {
      listen: z
        .array(listener(files))
        .min(1, { error: 'expected at least one address to listen on' })
        .optional()
        .describe('Starts another embedded SIP server, for this region.'),
      advertise: host()
        .optional()
        .describe('The address that phones and trunks reach that server at, where it is another.'),
      media: mediaOfRegion.optional().describe('Starts another embedded media engine, for this region.'),
    },
    (value, complain) => {
      const { listen = [], advertise } = value
      if (value.listen === undefined && advertise !== undefined)
        complain('is of no use without listen', 'advertise')
      listen.forEach((one, index) => {
        if (EVERY_ADDRESS.has(one.host) && advertise === undefined) {
          complain(
            'is every address: advertise must say at which one we are reached',
            'listen',
            index,
            'host',
          )
        }
        const first = listen.findIndex((other) => collide(one, other))
        if (first >= 0 && first < index) complain('collides with an entry before it', 'listen', index)
      })
      return value
    },
  )
}

/** What lies between the regions. */
export const paths = section({
  costs: z
    .array(
      section({
        from: regionName,
        to: regionName.describe('The way back costs the same, where it has no entry of its own.'),
        cost: whole(0, 100_000).describe('Milliseconds of a round trip, say; only the sums are compared.'),
      }),
    )
    .prefault([])
    .describe('Without an entry it costs nothing within a region, and 100 from one to another.'),
  rehome: flag()
    .prefault(true)
    .describe('Devices whose region is lost are pushed, and told where to register instead.'),
  'rehome-rate': whole(1, 1000).prefault(20).describe('Such pushes a second, at most.'),
})
