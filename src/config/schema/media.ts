import { z } from 'zod'
import { address, duration, EVERY_ADDRESS, host, matching, port, portRange, secret, whole } from './leaf.js'
import { regionName } from './region.js'
import { defaultTag, finished, section, tag } from './section.js'

const timeout = duration('s', '5s', '1d')
  .prefault('60s')
  .describe('A call whose media is silent so long is ended.')

const embedded = finished(
  {
    engine: defaultTag('embedded'),
    host: address().prefault('127.0.0.1').describe('The address that RTP is sent from and received at.'),
    advertise: address().optional().describe('The address in our SDP, where it is another.'),
    ports: portRange().prefault('20000-20999').describe('RTP and RTCP; two ports a side of a call.'),
    region: regionName.optional().describe('Which region this engine is in.'),
    timeout,
  },
  (value, complain) => {
    if (EVERY_ADDRESS.has(value.host) && value.advertise === undefined) {
      complain('is every address: media.advertise must say at which one we are reached', 'host')
    }
    return value
  },
)

const server = section({
  name: matching(/^[A-Za-z0-9_.-]+$/, 'a name of letters, digits, dots, dashes and underscores'),
  host: host().describe('Of its event socket.'),
  port: port().prefault(8021),
  secret: secret().describe('The password of its event socket.'),
  weight: whole(0, 1000)
    .prefault(1)
    .describe('Its share of the calls beside the others; 0 drains it: it gets no new ones.'),
  region: regionName.optional().describe('Which region it is in.'),
  profile: matching(/^[A-Za-z0-9_.-]+$/, 'the name of a SIP profile')
    .prefault('drachtio_mrf')
    .describe('The SIP profile that takes our calls.'),
  sip: section({ host: host(), port: whole(1, 65_535).prefault(5060) })
    .optional()
    .describe('Where that profile is reached, where it is not the address that it names itself.'),
})

const freeswitch = finished(
  {
    engine: tag('freeswitch'),
    servers: z.array(server).min(1, { error: 'expected at least one server' }),
    host: address()
      .prefault('127.0.0.1')
      .describe('The address, of ours, that FreeSWITCH connects back to for each side of a call.'),
    advertise: host().optional().describe('The address that it reaches us at, where it is another.'),
    timeout,
  },
  (value, complain) => {
    value.servers.forEach(({ name }, index) => {
      const first = value.servers.findIndex((other) => other.name === name)
      if (first < index) complain('is the name of two servers', 'servers', index, 'name')
    })
    return value
  },
)

export const media = z.discriminatedUnion('engine', [embedded, freeswitch])
