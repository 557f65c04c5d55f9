import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../../config/index.js'
import { PushService } from '../../demo/index.js'
import { createLog } from '../../observe/log.js'
import type { StartServer } from '../start.js'

/** A server of the demo's own, and the push service that it speaks to. */
export interface DemoServer {
  /** Where UDP goes. */
  readonly sip: { readonly host: string; readonly port: number }
  readonly http: { readonly host: string; readonly port: number }
  readonly push: PushService
}

/** The name of the push service in the configuration, as phones register it. */
export const PROVIDER = 'demo'
export const DOMAIN = 'example.net'

/**
 * Starts a server on free ports, in a directory that is gone afterwards, and ends it when `use` is done.
 *
 * @param sections YAML of the sections besides `sip`, `database`, `push` and `http`
 */
export async function withDemoServer<T>(
  startServer: StartServer,
  sections: string,
  use: (server: DemoServer) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'reveille-demo-'))
  const push = await PushService.open()
  const log = createLog({ level: 'warn', pretty: true, destination: process.stderr })
  const config = parseConfig(`${usual(directory, push)}${sections}`, 'demo.yaml', {})
  const server = await startServer(
    { current: () => config, reload: unchanged, subscribe: () => unsubscribe },
    log,
  )
  try {
    const [sip] = server.sip
    if (sip === undefined) throw new Error('the demo server listens nowhere')
    return await use({ sip: { host: sip.host, port: sip.port }, http: server.http, push })
  } finally {
    await server.drain()
    await server.close()
    await push.close()
    await rm(directory, { recursive: true, force: true })
  }
}

function usual(directory: string, push: PushService): string {
  return `
sip:
  domain: ${DOMAIN}
  listen: [{protocol: udp, port: 0}, {protocol: tcp, port: 0}]
database: {engine: pglite, path: ${JSON.stringify(join(directory, 'data'))}}
push: {${PROVIDER}: {adapter: webhook, url: ${JSON.stringify(push.url)}}}
http: {port: 0}
`
}

const unchanged = (): { ok: true; applied: []; needRestart: [] } => ({
  ok: true,
  applied: [],
  needRestart: [],
})
const unsubscribe = (): void => undefined
