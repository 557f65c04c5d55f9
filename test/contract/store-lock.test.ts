import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DirectoryInUse, lockDirectory } from '../../src/adapters/postgres/directory-lock.js'

describe('the lock of a directory', () => {
  let directory: string
  let file: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'reveille-lock-'))
    file = join(directory, 'data', 'pglite.lock')
  })
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true })
  })

  /** The lock as another process would leave it. */
  function leave(content: string): void {
    lockDirectory(file)()
    writeFileSync(file, content)
  }

  it('makes the directory, names its holder, and is gone when released', () => {
    const release = lockDirectory(file)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid })
    expect(readdirSync(join(directory, 'data'))).toEqual(['pglite.lock'])
    release()
    release()
    expect(existsSync(file)).toBe(false)
  })

  it('is refused a second time within one process', () => {
    const release = lockDirectory(file)
    expect(() => lockDirectory(file)).toThrow(DirectoryInUse)
    release()
    lockDirectory(file)()
  })

  it('is refused while another process lives that holds it', async () => {
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'])
    leave(JSON.stringify({ pid: other.pid, started: null }))
    expect(() => lockDirectory(file)).toThrow(
      `${join(directory, 'data')} is in use by process ${String(other.pid)}; one process at a time can open it (lock file ${file})`,
    )
    other.kill('SIGKILL')
    await once(other, 'exit')
    lockDirectory(file)()
  })

  it('is taken over from a process whose number another one has by now', () => {
    // The parent of this process lives, but did not start when the lock says.
    leave(JSON.stringify({ pid: process.ppid, started: '0' }))
    if (existsSync('/proc/self/stat')) lockDirectory(file)()
    else expect(() => lockDirectory(file)).toThrow(DirectoryInUse)
  })

  it('is taken over where the dead holder had the number of this process, as in a container', () => {
    leave(JSON.stringify({ pid: process.pid, started: null }))
    lockDirectory(file)()
  })

  it.each(['', '{"pid":', '{}', '{"pid":-1}', 'null'])('is taken over where it holds only %j', (content) => {
    leave(content)
    const release = lockDirectory(file)
    expect(readdirSync(join(directory, 'data'))).toEqual(['pglite.lock'])
    release()
  })
})
