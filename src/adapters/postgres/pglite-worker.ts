import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import type { FromThread, PgliteThreadData, ToThread } from './pglite-protocol.js'

/** The thread that PGlite lives in: a statement blocks it for as long as it takes, and nobody else. */
const port = parentPort
if (!port) throw new Error('this file is the entry of a worker thread')

const post = (message: FromThread): void => port.postMessage(message)

/** The reply is a copy of the engine's own, and can be handed over. */
function answer(engine: PGlite, bytes: Uint8Array): void {
  const reply = engine.execProtocolRawSync(bytes)
  if (reply.byteLength > 0) port?.postMessage(reply, [reply.buffer as ArrayBuffer])
}

async function start({ directory }: PgliteThreadData): Promise<PGlite> {
  if (directory === null) {
    const engine = new PGlite()
    await engine.waitReady
    return engine
  }
  const data = join(directory, 'pglite')
  const unfinished = join(directory, 'pglite.unfinished')
  // A first start that was killed half-way leaves a database that nobody has written to and nothing can open.
  if (existsSync(unfinished)) rmSync(data, { recursive: true, force: true })
  const fresh = !existsSync(data)
  if (fresh) {
    writeFileSync(unfinished, 'This database is being made; it is made anew where that was interrupted.\n')
    mkdirSync(data, { mode: 0o700 })
  }
  const engine = new PGlite(data)
  await engine.waitReady
  if (fresh) rmSync(unfinished)
  return engine
}

function fail(error: unknown): void {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  post({ type: 'failed', message, stack })
  // Nothing can be asked of it any more, its end included.
  port?.close()
}

async function close(engine: PGlite): Promise<void> {
  await engine.close()
  post({ type: 'closed' })
  port?.close()
}

try {
  const engine = await start(workerData as PgliteThreadData)
  port.on('message', (message: ToThread) => {
    if (message === 'close') {
      close(engine).catch(fail)
      return
    }
    try {
      answer(engine, message)
    } catch (error) {
      fail(error)
    }
  })
  post({ type: 'open' })
} catch (error) {
  fail(error)
}
