import { once } from 'node:events'
import { connect } from 'node:net'
import type { NamedServer } from './engines.js'

/** Asks a FreeSWITCH server one API command, over a connection of its own. */
export async function ask({ host, port, secret }: NamedServer, command: string): Promise<string> {
  const socket = connect({ host, port })
  let text = ''
  socket.on('data', (data) => (text += data.toString()))
  socket.write(`auth ${secret}\n\napi ${command}\n\nexit\n\n`)
  await once(socket, 'close')
  const [, length = '0', rest = ''] = /api\/response\nContent-Length: (\d+)\n\n([\s\S]*)/.exec(text) ?? []
  return rest.slice(0, Number(length))
}

/** The channels of these endpoints; each is named after its endpoint. */
export async function channelsOf(server: NamedServer, ids: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(ids.map((id) => ask(server, `show channels like ${id} as json`)))
  const uuids = found.flatMap((text) => {
    const { rows = [] } = JSON.parse(text) as { rows?: readonly { readonly uuid: string }[] }
    return rows.map(({ uuid }) => uuid)
  })
  // Of two that are joined each is named in the other's row.
  return [...new Set(uuids)]
}
