import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'

/** A directory of its own for one test, with a configuration in it; removed when the test is over. */
export function site(yaml: string): { readonly directory: string; readonly config: string } {
  const directory = mkdtempSync(join(tmpdir(), 'reveille-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const config = join(directory, 'reveille.yaml')
  writeFileSync(config, yaml)
  return { directory, config }
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}
