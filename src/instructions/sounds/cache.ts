import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../ports/clock.js'
import { SoundFault, wavLength } from './wav.js'

/** A sound that the media engine can open. `ms`: how long it plays. */
export interface SoundFile {
  readonly path: string
  readonly ms: number
}

/** What a sound is made of. `keepMs`: how long it may be used again without asking. */
export interface Loaded {
  readonly body: Buffer
  readonly keepMs: number
}

interface Entry extends SoundFile {
  readonly key: string
  readonly bytes: number
  readonly freshUntil: number
  usedAt: number
}

/** Nobody has opened it yet, perhaps, whom it was given to so lately. */
const IN_USE_US = 60_000_000

/**
 * Sounds as files, in a folder of its own within the given one. It never holds more than its size: what was not used
 * for longest goes first, but nothing that was given out within the last minute.
 */
export class SoundCache {
  readonly #newest = new Map<string, Entry>()
  readonly #entries = new Set<Entry>()
  readonly #loading = new Map<string, Promise<SoundFile>>()
  #folder: Promise<string> | undefined
  #bytes = 0
  #serial = 0

  /**
   * @param within made where it is missing; that of the system for temporary files where it is undefined
   * @param most bytes
   */
  constructor(
    private readonly within: string | undefined,
    private readonly most: number,
    private readonly clock: Clock,
  ) {}

  /**
   * The sound of a key. Calls that want it at the same time load it once.
   *
   * @throws SoundFault where it cannot be played, or there is no room; and what `load` throws
   */
  async get(key: string, load: () => Promise<Loaded>): Promise<SoundFile> {
    const known = this.#newest.get(key)
    const now = this.clock.now()
    if (known !== undefined && now < known.freshUntil) {
      known.usedAt = now
      return known
    }
    const under = this.#loading.get(key) ?? this.#load(key, load)
    this.#loading.set(key, under)
    try {
      return await under
    } finally {
      this.#loading.delete(key)
    }
  }

  /** Takes the folder away. Never rejects. */
  async close(): Promise<void> {
    const folder = await this.#folder?.catch(() => undefined)
    if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => undefined)
  }

  async #load(key: string, load: () => Promise<Loaded>): Promise<SoundFile> {
    const { body, keepMs } = await load()
    const ms = wavLength(body, body.length)
    await this.#takeRoom(body.length)
    try {
      this.#folder ??= newFolder(this.within)
      const path = join(await this.#folder, `${++this.#serial}.wav`)
      await writeFile(path, body)
      const now = this.clock.now()
      const entry = { key, path, ms, bytes: body.length, freshUntil: now + keepMs * 1000, usedAt: now }
      this.#entries.add(entry)
      this.#newest.set(key, entry)
      return entry
    } catch (error) {
      this.#bytes -= body.length
      throw error
    }
  }

  async #takeRoom(bytes: number): Promise<void> {
    const old = [...this.#entries]
      .filter(({ usedAt }) => this.clock.now() - usedAt > IN_USE_US)
      .sort((a, b) => a.usedAt - b.usedAt)
    const gone: Entry[] = []
    for (const entry of old) {
      if (this.#bytes + bytes <= this.most) break
      this.#bytes -= entry.bytes
      this.#entries.delete(entry)
      if (this.#newest.get(entry.key) === entry) this.#newest.delete(entry.key)
      gone.push(entry)
    }
    if (this.#bytes + bytes > this.most) throw new SoundFault('finds no room in the cache of sounds')
    // At once, so that no other sound is promised the same room.
    this.#bytes += bytes
    await Promise.all(gone.map(({ path }) => rm(path, { force: true })))
  }
}

/** One that was named is for others to read from, too: the media engine may be another user's. */
async function newFolder(within: string | undefined): Promise<string> {
  if (within === undefined) return mkdtemp(join(tmpdir(), NAME))
  await mkdir(within, { recursive: true })
  const folder = await mkdtemp(join(within, NAME))
  await chmod(folder, 0o755)
  return folder
}

const NAME = 'reveille-sounds-'
