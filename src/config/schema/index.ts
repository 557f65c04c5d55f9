import { z } from 'zod'
import { carrier } from './carrier.js'
import { clients } from './clients.js'
import { folder } from './files.js'
import type { Files } from './files.js'
import { group } from './group.js'
import {
  address,
  baseUrl,
  duration,
  flag,
  matching,
  network,
  oneOf,
  port,
  secret,
  sipUri,
  text,
  url,
  whole,
} from './leaf.js'
import { media } from './media.js'
import { outgoing } from './outgoing.js'
import { plainName, userName } from './names.js'
import { push } from './push.js'
import { paths, region, regionName } from './region.js'
import { defaultTag, finished, named, section, tag } from './section.js'
import { sip } from './sip.js'
import { e164, subscriber } from './subscriber.js'
import { instructionsOf, route } from './targets.js'
import { tokens } from './tokens.js'
import { user } from './user.js'

function database(files: Files) {
  const pglite = section({
    engine: defaultTag('pglite'),
    path: folder(files).prefault('./data').describe('Made where it is missing; one process at a time.'),
  })
  const postgres = section({
    engine: tag('postgres'),
    url: url('postgres', 'postgresql'),
    pool: whole(1, 1000).prefault(10).describe('Connections at most.'),
    'statement-timeout': duration('s', '100ms', '5m').prefault('5s'),
    'connect-timeout': duration('s', '100ms', '5m').prefault('5s'),
    node: plainName
      .optional()
      .describe('Name of this server, where several share the database: no two have the same.'),
  })
  return z.discriminatedUnion('engine', [pglite, postgres])
}

const trunk = finished(
  {
    match: z.array(network()).prefault([]).describe('Calls from these networks are of this trunk.'),
    ringback: oneOf('early-media', 'ringing', 'queued')
      .prefault('early-media')
      .describe('What the caller gets while waiting: 183 with a tone, 180, or 182 and then 180.'),
    tone: matching(/^[a-z]{2}$/, 'the two letters of a country, such as us, uk or de')
      .prefault('us')
      .describe('Whose ringback tone the caller hears.'),
    trusted: flag()
      .prefault(false)
      .describe('Its asserted identities are believed and passed on (RFC 3325).'),
    asserts: oneOf('caller', 'diverting')
      .prefault('caller')
      .describe('Whom the P-Asserted-Identity of a forwarded call names, where the trunk is trusted.'),
    proxy: sipUri().optional().describe('Where calls out through this trunk go.'),
    username: text().optional().describe('For digest challenges of the trunk.'),
    password: secret().optional(),
    presence: flag()
      .prefault(false)
      .describe('Phones behind it may subscribe to the presence of users, for their lamps.'),
    region: regionName.optional().describe('Where it is: its calls out leave by a gateway near it.'),
    accept: oneOf('tone', 'answer')
      .prefault('tone')
      .describe('What the caller gets when a device accepts by API: another tone, or 200 and comfort audio.'),
  },
  (value, complain) => {
    if (value.match.length === 0 && value.proxy === undefined) complain('needs match, proxy, or both')
    if ((value.username === undefined) !== (value.password === undefined)) {
      complain('username and password belong together')
    }
    return value
  },
)

/** An ASCII origin (RFC 6454 §6.2), or any. */
const origin = matching(
  /^(?:\*|null|[a-z][a-z0-9+.-]*:\/\/[^\s/?#A-Z]+)$/,
  'an origin in lower case and without a path, such as https://app.example.com, or "*"',
)

/** The configuration file. */
export function configSchema(files: Files) {
  return section({
    sip: sip(files).prefault({}).describe('The SIP side.'),
    media: media.prefault({}).describe('RTP.'),
    database: database(files).prefault({}).describe('Devices, registrations, records of calls.'),
    push: push(files).describe('Push services, by the pn-provider that devices register with (RFC 8599).'),
    http: section({
      host: address().prefault('127.0.0.1'),
      port: port().prefault(8080).describe('0: a free port.'),
      'public-url': baseUrl()
        .optional()
        .describe('Where apps reach the API, where it is not http://host:port.'),
      'admin-token': secret().optional().describe('Opens the admin API.'),
      origins: z
        .array(origin)
        .prefault([])
        .describe(
          'Web pages that may use the API from a browser, such as https://app.example.com; "*": any.',
        ),
    })
      .prefault({})
      .describe('The API.'),
    tokens: tokens(files).prefault({}).describe('Tokens of calls and of client applications.'),
    trunks: named(plainName, trunk).describe('Where calls come from and go out.'),
    users: named(userName, user.prefault({})).describe('Who is called.'),
    clients: clients
      .prefault({})
      .describe('How clients are called whose name is no user’s: those that have a token for it.'),
    groups: named(userName, group).describe('Users who are called together.'),
    subscribers: named(e164, subscriber).describe(
      'Cell phones, by number, whose calls are fetched by conditional forwarding.',
    ),
    carriers: named(plainName, carrier.prefault({})).describe('Codes of cell phone networks.'),
    routes: z
      .array(route)
      .prefault([])
      .describe('Numbers that are nobody’s own; the first that matches wins.'),
    instructions: instructionsOf(files)
      .prefault({})
      .describe('What is to be done with calls: verbs, or webhooks that answer with them.'),
    outgoing: outgoing.prefault({}).describe('Calls that users and client applications make.'),
    regions: named(plainName, region(files).prefault({})).describe('Where our engines are.'),
    paths: paths.prefault({}).describe('How calls go between regions.'),
    log: section({
      level: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent').prefault('info'),
      pretty: flag().prefault(false).describe('For eyes rather than for machines.'),
    }).prefault({}),
    drain: section({
      timeout: duration('s', '0s', '1d')
        .prefault('30s')
        .describe('How long live calls may go on at shutdown.'),
    }).prefault({}),
  })
}

export type Config = z.output<ReturnType<typeof configSchema>>

/** The value type of a map of the configuration. */
type Named<T> = T extends ReadonlyMap<string, infer Value> ? Value : never

export type SipConfig = Config['sip']
export type MediaConfig = Config['media']
export type DatabaseConfig = Config['database']
export type PushConfig = Named<Config['push']>
export type HttpConfig = Config['http']
export type TokensConfig = Config['tokens']
export type Trunk = Named<Config['trunks']>
export type User = Named<Config['users']>
export type ClientsConfig = Config['clients']
export type Group = Named<Config['groups']>
export type Subscriber = Named<Config['subscribers']>
export type Carrier = Named<Config['carriers']>
export type OutgoingConfig = Config['outgoing']
export type InstructionsConfig = Config['instructions']
export type Route = Config['routes'][number]
export type RegionConfig = Named<Config['regions']>
export type PathsConfig = Config['paths']
export type LogConfig = Config['log']
