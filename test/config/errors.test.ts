import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig, parseConfig } from '../../src/config/index.js'

/** What is printed of a bad configuration, line by line. */
function complaints(text: string, environment: Record<string, string> = {}): string[] {
  try {
    parseConfig(text, 'r.yaml', environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
  return []
}

const RINGS = 'expected a duration from 1s to 10m, such as 10m or a number of seconds'

describe('a bad configuration says', () => {
  it.each<[what: string, text: string, complaint: string]>([
    [
      'an unknown key that is nearly a known one',
      'http:\n  prot: 1',
      '2:3: http.prot: unknown key; did you mean "port"?',
    ],
    [
      'an unknown key with its words in another order of case',
      'http: {adminToken: x}',
      '1:8: http.adminToken: unknown key; did you mean "admin-token"?',
    ],
    [
      'an unknown key that is like nothing',
      'http: {colour: red}',
      '1:8: http.colour: unknown key; known here: host, port, public-url, admin-token, origins',
    ],
    [
      'an unknown key of a region',
      'regions: {eu: {x: 1}}',
      '1:16: regions.eu.x: unknown key; known here: listen, advertise, media',
    ],
    ['a section that is none', 'http: 8080', '1:7: http: expected keys and values, got "8080"'],
    ['a list in place of a section', 'users: [alice]', '1:8: users: expected keys and values, got a list'],
    ['a section in place of a list', 'routes: {a: 1}', '1:9: routes: expected a list, got keys and values'],
    ['a file that is no map', '- sip', '1:1: expected keys and values, got a list'],
    [
      'what is missing',
      'push:\n  fcm:\n    adapter: fcm',
      '2:3: push.fcm.service-account: is required: the name of a file that exists',
    ],
    [
      'a variant that does not exist',
      'database: {engine: mysql}',
      '1:20: database.engine: expected one of pglite, postgres, got "mysql"',
    ],
    [
      'a variant that is not named',
      'push: {acme: {}}',
      '1:8: push.acme.adapter: is required: one of webhook, apns, fcm',
    ],
    [
      'a number that is none',
      'http: {port: many}',
      '1:14: http.port: expected a whole number from 0 to 65535, got "many"',
    ],
    [
      'a number out of its bounds',
      'http: {port: 65536}',
      '1:14: http.port: expected a whole number from 0 to 65535, got "65536"',
    ],
    [
      'a word that is not one of a few',
      'log: {level: loud}',
      '1:14: log.level: expected one of trace, debug, info, warn, error, fatal, silent, got "loud"',
    ],
    [
      'what is neither true nor false',
      'log: {pretty: yes}',
      '1:15: log.pretty: expected true or false, got "yes"',
    ],
    ['a duration that is none', 'users: {a: {ring: soon}}', `1:19: users.a.ring: ${RINGS}, got "soon"`],
    ['a duration that is too long', 'users: {a: {ring: 1h}}', `1:19: users.a.ring: ${RINGS}, got "1h"`],
    [
      'a duration that is too short',
      'users: {a: {ring: 300ms}}',
      `1:19: users.a.ring: ${RINGS}, got "300ms"`,
    ],
    [
      'a list where one value belongs',
      'http: {port: [1, 2]}',
      '1:14: http.port: expected a whole number from 0 to 65535, got a list',
    ],
    [
      'a host that is none',
      'sip: {domain: a b}',
      '1:15: sip.domain: expected a host name or an IP address, got "a b"',
    ],
    [
      'an address to listen on that is a name',
      'http: {host: localhost}',
      '1:14: http.host: expected an IP address, got "localhost"',
    ],
    [
      'a network that is none',
      'trunks: {a: {match: [10.0.0.0/33]}}',
      '1:22: trunks.a.match[0]: expected an IP address or a network such as 203.0.113.0/24, got "10.0.0.0/33"',
    ],
    [
      'a range of ports that has no room',
      'media: {ports: 20001-20002}',
      '1:16: media.ports: expected a range of ports within 1024-65535, at least an even one and the odd one after it, such as 20000-20999, got "20001-20002"',
    ],
    [
      'a SIP URI that is none',
      'trunks: {a: {proxy: 10.0.0.1}}',
      '1:21: trunks.a.proxy: expected a SIP URI such as sip:10.0.0.1:5060, got "10.0.0.1"',
    ],
    [
      'a number to call that is none',
      'users: {a: {numbers: [ext]}}',
      '1:23: users.a.numbers[0]: expected a number such as "+15550100" or "7000", got "ext"',
    ],
    [
      'a pattern that is none',
      'routes: [{match: 1*2+, status: 404}]',
      '1:18: routes[0].match: expected a number such as "+15550100", or the beginning of one and a star, such as "+1555*", got "1*2+"',
    ],
    [
      'a country that is none',
      'trunks: {a: {tone: usa, proxy: "sip:x"}}',
      '1:20: trunks.a.tone: expected the two letters of a country, such as us, uk or de, got "usa"',
    ],
    [
      'a file that is not there',
      'push: {f: {adapter: fcm, service-account: none.json}}',
      '1:43: push.f.service-account: expected the name of a file that exists, got "none.json"',
    ],
    [
      'a name that SIP cannot carry',
      'users: {"a b": {}}',
      `1:9: users."a b": expected a user name: letters, digits and any of -_.!~*'()&=+$,?/`,
    ],
    [
      'a push service whose name is no pn-provider',
      'push: {"a b": {adapter: webhook, url: "http://x"}}',
      `1:8: push."a b": expected a pn-provider name: letters, digits and any of -_.!~*'()[]/:&+$`,
    ],
    [
      'a trunk that takes no calls and makes none',
      'trunks: {a: {tone: us}}',
      '1:13: trunks.a: needs match, proxy, or both',
    ],
    [
      'a user name for a trunk without its password',
      'trunks: {a: {proxy: "sip:x", username: u}}',
      '1:13: trunks.a: username and password belong together',
    ],
    [
      'a key for APNs twice',
      'push: {a: {adapter: apns, key: k, key-file: package.json, key-id: i, team-id: t}}',
      '1:11: push.a: needs one of key-file and key',
    ],
    [
      'a key for APNs not at all',
      'push: {a: {adapter: apns, key-id: i, team-id: t}}',
      '1:11: push.a: needs one of key-file and key',
    ],
    [
      'an origin that is an address',
      'http: {origins: ["https://app.example.com/"]}',
      '1:18: http.origins[0]: expected an origin in lower case and without a path, such as https://app.example.com, or "*", got "https://app.example.com/"',
    ],
    [
      'a user that clients of their own cannot redirect to',
      'clients: {redirect: [{user: bob}]}',
      '1:29: clients.redirect[0].user: there is no user bob',
    ],
    [
      'a group that nobody is in, for clients of their own',
      'clients: {no-answer: {group: b}}',
      '1:30: clients.no-answer.group: there is no group b',
    ],
    [
      'a target that is two',
      'users: {a: {no-answer: {user: a, status: 480}}}',
      '1:24: users.a.no-answer: needs exactly one of user, client, group, number, uri with trunk, status, and instructions',
    ],
    [
      'a route that leads nowhere',
      'routes: [{match: "1*"}]',
      '1:10: routes[0]: needs exactly one of user, client, group, uri with trunk, status, and instructions',
    ],
    [
      'a URI without a trunk',
      'routes: [{match: "1*", uri: "sip:x@y"}]',
      '1:10: routes[0]: uri and trunk belong together',
    ],
    [
      'a number that a route cannot lead to',
      'routes: [{match: "1", status: 404, number: "2"}]',
      '1:36: routes[0].number: unknown key; known here: match, user, client, group, uri, trunk, status, instructions',
    ],
    [
      'a no-answer user that does not exist',
      'users: {bob: {no-answer: {user: bop}}}',
      '1:33: users.bob.no-answer.user: there is no user bop; did you mean bob?',
    ],
    [
      'a trunk that does not exist',
      'routes: [{match: "1", uri: "sip:x", trunk: carrier}]',
      '1:44: routes[0].trunk: there is no trunk carrier',
    ],
    [
      'a user that a route does not find',
      'routes: [{match: "1", user: zoe}]',
      '1:29: routes[0].user: there is no user zoe',
    ],
    [
      'a number that two users own',
      'users: {a: {numbers: ["+1555"]}, b: {numbers: [001-555]}}',
      '1:48: users.b.numbers[0]: is a number of user a already',
    ],
    [
      'a number that is the name of another user',
      'users: {"7000": {}, b: {numbers: [7000]}}',
      '1:35: users.b.numbers[0]: is the name of another user',
    ],
    [
      'a group that does not exist',
      'groups: {sales: {members: [{user: a}], no-answer: {group: slaes}}}\nusers: {a: {}}',
      '1:59: groups.sales.no-answer.group: there is no group slaes; did you mean sales?',
    ],
    [
      'a group that a route does not find',
      'routes: [{match: "1", group: sales}]',
      '1:30: routes[0].group: there is no group sales',
    ],
    [
      'a member that does not exist',
      'users: {alice: {}}\ngroups: {g: {members: [{user: alcie}]}}',
      '2:31: groups.g.members[0].user: there is no user alcie; did you mean alice?',
    ],
    [
      'a member who is there twice',
      'users: {a: {}}\ngroups: {g: {members: [{user: a}, {user: a}]}}',
      '2:42: groups.g.members[1].user: is a member already',
    ],
    [
      'a group of nobody',
      'groups: {g: {members: []}}',
      '1:23: groups.g.members: expected at least one member',
    ],
    [
      'a time of one member where all ring at once',
      'users: {a: {}}\ngroups: {g: {members: [{user: a, ring: 5s}]}}',
      '2:40: groups.g.members[0].ring: is of no use with strategy side-by-side',
    ],
    [
      'a group that has the name of a user',
      'users: {a: {}}\ngroups: {a: {members: [{user: a}]}}',
      '2:13: groups.a: is the name of a user',
    ],
    [
      'a number that a user and a group own',
      'users: {a: {numbers: [7000]}}\ngroups: {g: {members: [{user: a}], numbers: [7000]}}',
      '2:46: groups.g.numbers[0]: is a number of user a already',
    ],
    [
      'a number of a user that is the name of a group',
      'users: {a: {numbers: [7000]}}\ngroups: {"7000": {members: [{user: a}]}}',
      '1:23: users.a.numbers[0]: is the name of a group',
    ],
    [
      'a redirect to nobody',
      'users: {a: {redirect: [{}]}}',
      '1:24: users.a.redirect[0]: needs exactly one of user, group and number',
    ],
    [
      'a redirect to two',
      'users: {a: {redirect: [{user: "*", number: 7*}]}}',
      '1:24: users.a.redirect[0]: needs exactly one of user, group and number',
    ],
    [
      'a redirect to a user through a trunk',
      'trunks: {t: {proxy: "sip:x"}}\nusers: {a: {redirect: [{user: "*", trunk: t}]}}',
      '2:24: users.a.redirect[0]: trunk belongs to a number',
    ],
    [
      'a redirect to a user that does not exist',
      'users: {alice: {redirect: [{user: alcie}]}}',
      '1:35: users.alice.redirect[0].user: there is no user alcie; did you mean alice?',
    ],
    [
      'a redirect through a trunk that takes no calls',
      'trunks: {t: {match: [10.0.0.1]}}\nusers: {a: {redirect: [{number: "+1*", trunk: t}]}}',
      '2:47: users.a.redirect[0].trunk: trunk t has no proxy that a call could go out to',
    ],
    [
      'any user where one is meant',
      'users: {alice: {no-answer: {user: "*"}}}',
      '1:35: users.alice.no-answer.user: there is no user *',
    ],
    [
      'a public URL that paths cannot be appended to',
      'http: {public-url: "https://x.example/?v=1"}',
      '1:20: http.public-url: expected a URL such as https://calls.example.com, without user, query and fragment',
    ],
    [
      'a wildcard address that no woken phone could reach',
      'sip: {listen: [{protocol: udp, host: 0.0.0.0}]}',
      '1:38: sip.listen[0].host: is every address: sip.advertise must say at which one we are reached',
    ],
    [
      'a wildcard address that nobody could send media to',
      'media: {host: 0.0.0.0}',
      '1:15: media.host: is every address: media.advertise must say at which one we are reached',
    ],
    [
      'a network that two trunks own',
      'trunks: {a: {match: [10.0.0.0/8]}, b: {match: [10.9.9.9/8]}}',
      '1:48: trunks.b.match[0]: is a network of trunk a already',
    ],
    [
      'an address that two trunks own in two spellings',
      'trunks: {a: {match: ["2001:db8::1"]}, b: {match: ["2001:DB8:0::1/128"]}}',
      '1:51: trunks.b.match[0]: is a network of trunk a already',
    ],
    [
      'a route that an earlier one hides',
      'routes: [{match: "+1*", status: 404}, {match: "001*", status: 410}]',
      '1:47: routes[1].match: is never reached: routes[0] takes these calls',
    ],
    [
      'push services that SIP cannot tell apart',
      'push: {a: {adapter: webhook, url: "http://x"}, A: {adapter: webhook, url: "http://x"}}',
      '1:51: push.A: is the same name to SIP as a',
    ],
    [
      'a SIP port among those of media',
      'sip: {listen: [{protocol: udp, port: 20002}]}',
      '1:38: sip.listen[0].port: lies within media.ports (20000-20999)',
    ],
    [
      'an address to listen on twice',
      'sip: {listen: [{protocol: tcp}, {protocol: tcp}]}',
      '1:33: sip.listen[1]: is here twice',
    ],
    [
      'a certificate that is missing',
      'sip: {listen: [{protocol: tls, key-file: package.json}]}',
      '1:16: sip.listen[0]: cert-file is required with protocol tls',
    ],
    [
      'a key that is missing',
      'sip: {listen: [{protocol: wss, port: 7443, cert-file: package.json}]}',
      '1:16: sip.listen[0]: key-file is required with protocol wss',
    ],
    [
      'a certificate that does not exist',
      'sip: {listen: [{protocol: tls, cert-file: nowhere.pem, key-file: package.json}]}',
      '1:43: sip.listen[0].cert-file: expected the name of a file that exists, got "nowhere.pem"',
    ],
    [
      'a certificate that nobody would be shown',
      'sip: {listen: [{protocol: tcp, cert-file: package.json}]}',
      '1:43: sip.listen[0].cert-file: is of no use with protocol tcp',
    ],
    [
      'web pages that could not connect anyhow',
      'sip: {listen: [{protocol: udp, origins: ["https://x.example"]}]}',
      '1:41: sip.listen[0].origins: is of no use with protocol udp',
    ],
    [
      'a web page in place of its origin',
      'sip: {listen: [{protocol: ws, port: 5066, origins: ["https://x.example/phone"]}]}',
      '1:53: sip.listen[0].origins[0]: expected an origin such as https://phone.example.com, got "https://x.example/phone"',
    ],
    [
      'a WebSocket without a port',
      'sip: {listen: [{protocol: ws}]}',
      '1:16: sip.listen[0]: port is required with protocol ws',
    ],
    [
      'two transports on one port',
      'sip: {listen: [{protocol: tcp}, {protocol: ws, port: 5060}]}',
      '1:33: sip.listen[1]: takes the port of sip.listen[0]',
    ],
    [
      'nowhere to listen',
      'sip: {listen: []}',
      '1:15: sip.listen: expected at least one address to listen on',
    ],
    [
      'session timers that contradict each other',
      'sip: {session-expires: 90s, min-se: 2m}',
      '1:24: sip.session-expires: is shorter than min-se',
    ],
    [
      'expiries that contradict each other',
      'sip: {registration: {min-expires: 2h}}',
      '1:7: sip.registration.default-expires: is shorter than min-expires',
    ],
    [
      'a longest expiry that is not',
      'sip: {registration: {max-expires: 5m}}',
      '1:35: sip.registration.max-expires: is shorter than default-expires',
    ],
    [
      'a drachtio server twice',
      'sip: {engine: drachtio, servers: [{name: a, host: x, secret: s}, {name: a, host: y, secret: s}]}',
      '1:73: sip.servers[1].name: is the name of two servers',
    ],
    [
      'a FreeSWITCH server twice',
      'media: {engine: freeswitch, servers: [{name: a, host: x, secret: s}, {name: a, host: y, secret: s}]}',
      '1:77: media.servers[1].name: is the name of two servers',
    ],
    [
      'RTP ports where FreeSWITCH has its own',
      'media:\n  engine: freeswitch\n  ports: 20000-20999\n  servers: [{name: a, host: x, secret: s}]',
      '3:3: media.ports: unknown key; known here: engine, servers, host, advertise, timeout',
    ],
    [
      'a variable that is not set',
      'http:\n  admin-token: ${TOKEN}',
      '2:16: http.admin-token: the environment variable TOKEN is not set',
    ],
    [
      'a variable that is not closed',
      'http: {admin-token: "${TOKEN"}',
      '1:21: http.admin-token: expected ${NAME} or ${NAME:-default} after "$"; a plain "${" is written "$${"',
    ],
    [
      'a variable without a name',
      'http: {admin-token: "${9}"}',
      '1:21: http.admin-token: expected ${NAME} or ${NAME:-default} after "$"; a plain "${" is written "$${"',
    ],
    ['a key that is there twice', 'users:\n  a: {}\n  a: {ring: 5s}', '3:3: users.a: this key is here twice'],
    ['a key that is no key', 'users: {__proto__: {}}', '1:9: users.__proto__: this cannot be a key'],
    ['a key that is a list', '? [a]\n: 1', '1:3: a key must be text'],
    [
      'text that is not YAML',
      'users: [',
      '1:9: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['a tag', 'http: {port: !!int 3}', '1:14: not valid YAML: Unresolved tag: tag:yaml.org,2002:int'],
    ['a second document', 'log: {}\n---\nlog: {}', '2:1: a second document begins here'],
    ['an alias within itself', 'users: &u {a: *u}', '1:15: an alias cannot stand for what it is a part of'],
  ])('%s', (_what, text, complaint) => {
    expect(complaints(text)).toEqual([`r.yaml:${complaint}`])
  })

  it('everything at once, in the order of the file', () => {
    const text = [
      'users:',
      '  alice: {ring: 1h, numbers: ["1"], nme: x}',
      '  bob: {numbers: ["1"], no-answer: {user: x}}',
      'http: {port: "${PORT}"}',
    ].join('\n')
    expect(complaints(text)).toEqual([
      `r.yaml:2:17: users.alice.ring: ${RINGS}, got "1h"`,
      'r.yaml:2:37: users.alice.nme: unknown key; did you mean "name"?',
      'r.yaml:3:19: users.bob.numbers[0]: is a number of user alice already',
      'r.yaml:3:43: users.bob.no-answer.user: there is no user x',
      'r.yaml:4:14: http.port: the environment variable PORT is not set',
    ])
  })

  it('nothing of what a secret or a variable holds', () => {
    const text = 'http: {port: "${A}"}\ndatabase: {engine: postgres, url: "mysql://u:hunter2@h/d"}'
    expect(complaints(text, { A: 'hunter2' })).toEqual([
      'r.yaml:1:14: http.port: expected a whole number from 0 to 65535, got something else from the environment',
      'r.yaml:2:35: database.url: expected a URL that begins with postgres: or postgresql:',
    ])
  })

  it('where an aliased value is written', () => {
    expect(complaints('users:\n  a: &x {ring: 1h}\n  b: *x')).toEqual([
      `r.yaml:2:16: users.a.ring: ${RINGS}, got "1h"`,
      `r.yaml:2:16: users.b.ring: ${RINGS}, got "1h"`,
    ])
  })

  it('that the file is not there', () => {
    expect(() => loadConfig('/nowhere/r.yaml', {})).toThrow(
      new ConfigError([
        { file: '/nowhere/r.yaml', line: 0, column: 0, key: '', message: 'there is no such file' },
      ]),
    )
    expect(() => loadConfig('/nowhere/r.yaml', {})).toThrow('/nowhere/r.yaml: there is no such file')
  })

  it('that the file cannot be read', () => {
    expect(() => loadConfig('/', {})).toThrow('/: cannot be read (EISDIR)')
  })

  it('each problem in its parts', () => {
    const thrown: unknown = (() => {
      try {
        return parseConfig('http:\n  prot: 1', 'r.yaml', {})
      } catch (error) {
        return error
      }
    })()
    expect(thrown).toBeInstanceOf(ConfigError)
    expect((thrown as ConfigError).problems).toEqual([
      { file: 'r.yaml', line: 2, column: 3, key: 'http.prot', message: 'unknown key; did you mean "port"?' },
    ])
  })
})
