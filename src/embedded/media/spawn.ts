import { Worker } from 'node:worker_threads'

const fromSource = import.meta.url.endsWith('.ts')

/** The thread of the engine, from the sources or from the build, whichever this file is part of. */
export function spawnWorker(): Worker {
  const entry = fromSource ? './worker-from-source.mjs' : './worker.js'
  return new Worker(new URL(entry, import.meta.url), { name: 'media' })
}
