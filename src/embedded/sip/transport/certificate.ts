import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { TlsFiles } from '../options.js'
import type { Timer } from '../timer-set.js'
import type { TransportDeps } from './transport.js'

/**
 * Certificate and key of a listening point, kept up to date with their files. These are looked at again and again
 * rather than watched: renewed certificates come as new links, new folders or new mounts, of which a watch on the
 * old file hears nothing.
 */
export class Certificate {
  /** The state of the files that was last read, good or bad. */
  private read: string
  /** The state of the files at the last look. */
  private seen: string
  private timer: Timer | undefined
  private secure: Loaded

  /** Throws where a file cannot be read, or key and certificate do not belong together. */
  constructor(
    private readonly files: TlsFiles,
    private readonly deps: TransportDeps,
  ) {
    this.read = this.seen = stateOf(files)
    this.secure = load(files)
  }

  /** For servers. */
  get options(): SecureContextOptions {
    return this.secure.options
  }

  /** For connections that this side opens. */
  get context(): SecureContext {
    return this.secure.context
  }

  /** Looks after the files from now on; `renewed` hears of new ones that are good. */
  watch(renewed: (options: SecureContextOptions) => void): void {
    this.timer = this.deps.timers.start(this.deps.limits.certificateCheck, () => {
      this.look(renewed)
      this.watch(renewed)
    })
  }

  stop(): void {
    this.timer?.stop()
  }

  private look(renewed: (options: SecureContextOptions) => void): void {
    const state = stateOf(this.files)
    // Key and certificate are not written in one moment: what changed is read once it has stayed the same.
    if (state !== this.read && state === this.seen) this.reload(state, renewed)
    this.seen = state
  }

  private reload(state: string, renewed: (options: SecureContextOptions) => void): void {
    this.read = state
    try {
      const loaded = load(this.files)
      renewed(loaded.options)
      this.secure = loaded
    } catch (error) {
      this.deps.events.fault('certificate renewal, the old one stays in use', error)
    }
  }
}

interface Loaded {
  readonly options: SecureContextOptions
  readonly context: SecureContext
}

/** Throws where the files cannot be used, and names them: what the parser says is about neither. */
function load({ cert, key, ca }: TlsFiles): Loaded {
  try {
    const options: SecureContextOptions = {
      cert: readFileSync(cert),
      key: readFileSync(key),
      ...(ca !== undefined && { ca: readFileSync(ca) }),
      // RFC 8996: TLS 1.0 and 1.1 are not to be used.
      minVersion: 'TLSv1.2',
    }
    return { options, context: createSecureContext(options) }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`certificate ${cert} and key ${key} cannot be used: ${why}`, { cause: error })
  }
}

function stateOf({ cert, key, ca }: TlsFiles): string {
  const files = [cert, key, ...(ca === undefined ? [] : [ca])]
  return files.map((file) => fileState(file)).join(' | ')
}

/** Changes with the file behind a path, whether it is written to, replaced or linked anew. */
function fileState(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file)
    return `${ino} ${size} ${mtimeMs}`
  } catch (error) {
    // A file that is gone is a state as well: reading it then says what is wrong.
    return String(error)
  }
}
