import { type Config, loadConfig } from '../config/index.js'
import { redactText } from '../observe/redact.js'
import { columns } from './columns.js'
import { command, type Command, EXIT } from './command.js'
import { configOption } from './config-option.js'

/** Reads a configuration as `start` would, and says what it comes to, or everything that is wrong with it. */
export function checkCommand(): Command {
  return command({
    name: 'check',
    summary: 'read the configuration, and say what it comes to or what is wrong',
    usage: 'reveille check [--config FILE]',
    options: { config: configOption },
    run({ config: path }, io) {
      const config = loadConfig(path, io.env)
      const rows = columns(summaryOf(config)).map((line) => `  ${line}\n`)
      io.stdout.write(`${path ?? 'without a file'}: no problems\n${rows.join('')}`)
      return Promise.resolve(EXIT.ok)
    },
  })
}

function summaryOf({ sip, media, database, push, http, trunks, users, routes }: Config): [string, string][] {
  const numbers = [...users.values()].reduce((count, user) => count + user.numbers.length, 0)
  return [
    ['sip', `${sip.engine}, ${sip.domain}, ${sipPlaces(sip)}`],
    ['media', `${media.engine}, ${mediaPlaces(media)}`],
    ['database', database.engine === 'pglite' ? `pglite, ${database.path}` : redactText(database.url)],
    ['push', listed([...push].map(([provider, { adapter }]) => `${provider} (${adapter})`))],
    ['http', `${http.host}:${String(http.port)}, ${adminOf(http)}`],
    ['trunks', listed([...trunks.keys()])],
    ['users', `${String(users.size)} with ${String(numbers)} numbers`],
    ['routes', String(routes.length)],
  ]
}

function mediaPlaces(media: Config['media']): string {
  switch (media.engine) {
    case 'embedded':
      return `${media.host}, ports ${String(media.ports.from)}-${String(media.ports.to)}`
    case 'freeswitch':
      return media.servers.map(({ name, host, port }) => `${name} at ${host}:${String(port)}`).join(', ')
    default:
      return media satisfies never
  }
}

function sipPlaces(sip: Config['sip']): string {
  switch (sip.engine) {
    case 'embedded':
      return sip.listen.map(({ protocol, host, port }) => `${protocol}:${host}:${String(port)}`).join(', ')
    case 'drachtio':
      return sip.servers.map(({ name, host, port }) => `${name} (${host}:${String(port)})`).join(', ')
    default:
      return sip satisfies never
  }
}

function adminOf({ adminToken }: Config['http']): string {
  return adminToken === undefined ? 'admin API without a token: on loopback only' : 'admin API with a token'
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ')
}
