import { z } from 'zod'
import type { Files } from './files.js'
import { duration, EVERY_ADDRESS, host, matching, oneOf, port, secret } from './leaf.js'
import { collide, listener } from './listener.js'
import { regionName } from './region.js'
import { defaultTag, finished, section, tag } from './section.js'
import type { Complain } from './section.js'

const registration = finished(
  {
    'min-expires': duration('s', '1s', '1d')
      .prefault('60s')
      .describe('A shorter registration is refused (423).'),
    'default-expires': duration('s', '1s', '30d')
      .prefault('1h')
      .describe('Where the phone asks for nothing.'),
    'max-expires': duration('s', '1s', '30d')
      .prefault('1d')
      .describe('A longer registration is cut to this.'),
    'nonce-lifetime': duration('s', '10s', '1h').prefault('5m').describe('How long a digest nonce is good.'),
  },
  (value, complain) => {
    const { minExpires, defaultExpires, maxExpires } = value
    if (defaultExpires < minExpires) complain('is shorter than min-expires', 'default-expires')
    if (maxExpires < defaultExpires) complain('is shorter than default-expires', 'max-expires')
    return value
  },
)

const common = {
  domain: host().prefault('localhost').describe('Realm of digests and host of our URIs.'),
  // RFC 4028 §4 and §5: no session interval is below 90 s.
  'session-expires': duration('s', '90s', '1d').prefault('30m').describe('Session timer (RFC 4028).'),
  'min-se': duration('s', '90s', '1d').prefault('90s').describe('A shorter session timer is refused (422).'),
  registration: registration.prefault({}),
  digest: z
    .array(oneOf('SHA-256', 'MD5'))
    .min(1, { error: 'expected at least one algorithm' })
    .prefault(['SHA-256', 'MD5'])
    .describe('Digest challenges to phones, the preferred one first (RFC 8760).'),
}

interface Timers {
  readonly sessionExpires: number
  readonly minSe: number
}

function checkTimers({ sessionExpires, minSe }: Timers, complain: Complain): void {
  if (sessionExpires < minSe) complain('is shorter than min-se', 'session-expires')
}

const embedded = (files: Files) =>
  finished(
    {
      engine: defaultTag('embedded'),
      ...common,
      listen: z
        .array(listener(files))
        .min(1, { error: 'expected at least one address to listen on' })
        .prefault([{ protocol: 'udp' }, { protocol: 'tcp' }]),
      advertise: host()
        .optional()
        .describe('The address that phones and trunks reach us at, where it is another.'),
      region: regionName.optional().describe('Which region this server is in.'),
    },
    (value, complain) => {
      checkTimers(value, complain)
      value.listen.forEach((one, index) => {
        // A woken app is told where to register: "every address" is no place to go to.
        if (EVERY_ADDRESS.has(one.host) && value.advertise === undefined) {
          complain(
            'is every address: sip.advertise must say at which one we are reached',
            'listen',
            index,
            'host',
          )
        }
        const first = value.listen.findIndex((other) => collide(one, other))
        if (first < 0 || first >= index) return
        const same = value.listen[first]?.protocol === one.protocol
        complain(same ? 'is here twice' : `takes the port of sip.listen[${String(first)}]`, 'listen', index)
      })
      return value
    },
  )

const drachtio = finished(
  {
    engine: tag('drachtio'),
    ...common,
    servers: z
      .array(
        section({
          name: matching(/^[A-Za-z0-9_.-]+$/, 'a name of letters, digits, dots, dashes and underscores'),
          host: host(),
          port: port().prefault(9022),
          secret: secret(),
          region: regionName.optional().describe('Which region it is in.'),
        }),
      )
      .min(1, { error: 'expected at least one server' }),
  },
  (value, complain) => {
    checkTimers(value, complain)
    value.servers.forEach(({ name }, index) => {
      const first = value.servers.findIndex((other) => other.name === name)
      if (first < index) complain('is the name of two servers', 'servers', index, 'name')
    })
    return value
  },
)

export function sip(files: Files) {
  return z.discriminatedUnion('engine', [embedded(files), drachtio])
}
