import { randomInt } from 'node:crypto'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { inject } from 'vitest'
import { createDatabase } from './postgres/index.js'

/** A real server that a test run is told to use in place of the embedded engine. */
export interface Named {
  readonly host: string
  readonly port: number
  readonly secret: string
}

/** `host:port:secret` of the environment; undefined where the embedded engine serves. Throws where it is malformed. */
function named(variable: string): Named | undefined {
  const text = process.env[variable]
  if (text === undefined || text === '') return undefined
  const [, host, port, secret] = /^([^:]+):(\d+):(.+)$/.exec(text) ?? []
  if (host === undefined || secret === undefined)
    throw new Error(`${variable} is host:port:secret, not ${text}`)
  return { host, port: Number(port), secret }
}

export const engines = {
  drachtio: named('REVEILLE_TEST_DRACHTIO'),
  freeswitch: named('REVEILLE_TEST_FREESWITCH'),
  postgres: process.env['REVEILLE_TEST_POSTGRES'],
}

/** What of a test's configuration names engines: the real ones that the environment names, or the embedded ones. */
export async function engineConfig(directory: string): Promise<{
  readonly tree: Readonly<Record<string, unknown>>
  readonly drop: () => Promise<void>
}> {
  const database = await databaseConfig(directory)
  const media = engines.freeswitch
  return {
    tree: {
      sip:
        engines.drachtio === undefined
          ? {
              listen: [
                { protocol: 'udp', host: '127.0.0.1', port: 0 },
                { protocol: 'tcp', host: '127.0.0.1', port: 0 },
              ],
            }
          : { engine: 'drachtio', servers: [{ name: 'drachtio', ...engines.drachtio }] },
      media:
        media === undefined
          ? { ports: freeRange() }
          : { engine: 'freeswitch', servers: [{ name: 'fs', ...media }] },
      database: database.tree,
    },
    drop: database.drop,
  }
}

async function databaseConfig(directory: string): Promise<{ tree: object; drop: () => Promise<void> }> {
  if (engines.postgres === undefined) {
    const path = join(directory, 'data')
    await cp(inject('database'), path, { recursive: true })
    return { tree: { engine: 'pglite', path }, drop: () => Promise.resolve() }
  }
  const { url, drop } = await createDatabase(engines.postgres)
  return { tree: { engine: 'postgres', url }, drop }
}

/**
 * Where a phone is. A drachtio server takes the connection of an earlier phone for that of every phone of the user at
 * the same host, whatever its port (docs/decisions/0013): there each gets an address of its own, as phones have that
 * are behind different NATs. Any of 127.0.0.0/8 can be bound on Linux.
 */
export function phoneHost(): string {
  if (engines.drachtio === undefined) return '127.0.0.1'
  return ['127', ...Array.from({ length: 3 }, () => randomInt(1, 255))].join('.')
}

/** Test files run beside each other: each process takes RTP ports of its own. */
function freeRange(): string {
  const from = 20_000 + (process.pid % 40) * 1000
  return `${from}-${from + 999}`
}
