import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { DirectoryInUse, openStore } from '../../src/adapters/postgres/index.js'

const HOLDER = fileURLToPath(new URL('./store-holder.ts', import.meta.url))

describe('PGlite in a directory', () => {
  const cleanup: (() => void)[] = []
  afterEach(() => {
    for (const undo of cleanup.splice(0).reverse()) undo()
  })

  function directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'reveille-store-'))
    cleanup.push(() => {
      rmSync(path, { recursive: true, force: true })
    })
    return path
  }

  it('belongs to one process, and loses nothing that was acknowledged when that process is killed', async () => {
    const path = directory()
    const holder = spawn(process.execPath, ['--import', 'tsx', HOLDER, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    cleanup.push(() => holder.kill('SIGKILL'))
    const gone = once(holder, 'exit')
    const acknowledged: string[] = []
    const lines = createInterface(holder.stdout)
    const drained = once(lines, 'close')
    const enough = new Promise<void>((resolve) => {
      lines.on('line', (id) => {
        if (acknowledged.push(id) === 200) resolve()
      })
    })
    await Promise.race([enough, gone])

    const refused: unknown = await openStore({ engine: 'pglite', path }).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(DirectoryInUse)
    expect(String(refused)).toContain(`${path} is in use by process ${String(holder.pid)}`)

    holder.kill('SIGKILL')
    await Promise.all([gone, drained])
    const store = await openStore({ engine: 'pglite', path })
    const found = (await store.devicesOf('alice')).map((device) => device.id)
    await store.close()
    expect(acknowledged.length).toBeGreaterThanOrEqual(200)
    expect(found).toEqual(expect.arrayContaining(acknowledged))
  })

  it('is made anew where its first start was interrupted, and kept ever after', async () => {
    const path = directory()
    mkdirSync(join(path, 'pglite'))
    writeFileSync(join(path, 'pglite', 'PG_VERSION'), '')
    writeFileSync(join(path, 'pglite.unfinished'), '')
    const first = await openStore({ engine: 'pglite', path })
    expect(await first.migrate()).not.toEqual([])
    await first.close()
    const second = await openStore({ engine: 'pglite', path })
    expect(await second.migrate()).toEqual([])
    await second.close()
  })
})
