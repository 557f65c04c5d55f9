/**
 * A process for the tests of crashes: opens PGlite in the directory of its first argument, then writes devices one
 * after the other and prints the id of each as soon as its write is acknowledged, until it is killed.
 */
import { writeSync } from 'node:fs'
import { openStore } from '../../src/adapters/postgres/index.js'

const store = await openStore({ engine: 'pglite', path: process.argv[2] ?? null })
await store.migrate()
for (let n = 0; ; n += 1) {
  const id = `device-${String(n)}`
  await store.putDevice({
    id,
    user: 'alice',
    instance: null,
    push: { provider: 'acme', token: `token-${String(n)}` },
    createdAt: n,
    seenAt: n,
    retired: null,
  })
  writeSync(1, `${id}\n`)
}
