import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { InstructionsConfig } from '../../config/index.js'
import type { SoundRef } from '../../call/performance.js'
import type { SoundSource } from '../verbs.js'
import type { WebClient } from '../web/client.js'
import type { SoundCache, SoundFile } from './cache.js'
import { silentWav, SoundFault, wavLength } from './wav.js'

/** What the caller hears, one after another. `ms`: how long that takes together. */
export interface Heard {
  readonly refs: readonly SoundRef[]
  readonly ms: number
}

const LARGEST_SOUND = 20_000_000
const SOUND_TIMEOUT_MS = 10_000
/** Of a sound that does not say how long it may be kept. */
const KEEP_MS = 300_000
const LONGEST_KEEP_MS = 86_400_000
const FOR_EVER_MS = 365 * 86_400_000
/** The longest file of silence, and by what they differ. */
const SILENCE_MS = 10_000
const SILENCE_STEP_MS = 100
/** Enough to come by the samples. */
const HEAD_BYTES = 65_536

/** Makes what a document wants to be heard into what the media engine can play. */
export class Sounds {
  constructor(
    private readonly settings: Pick<InstructionsConfig, 'sounds' | 'speech'>,
    private readonly client: WebClient,
    private readonly cache: SoundCache,
  ) {}

  /**
   * @param base what relative URLs start at
   * @throws SoundFault, WebFault or a system error: it cannot be had
   */
  async heard(source: SoundSource, base: URL | null): Promise<Heard> {
    switch (source.kind) {
      case 'tone':
        return { refs: [{ kind: 'tone', name: source.tone }], ms: source.ms }
      case 'file':
        return heardFrom(await this.file(source.file))
      case 'url':
        return heardFrom(await this.fromWeb(source.url, base))
      case 'speech':
        return heardFrom(await this.spoken(source))
      case 'silence':
        return heardFrom(...(await this.silence(source.ms)))
      default:
        return source satisfies never
    }
  }

  /** A long one is a short one over and over: all calls share the few files that there are of silence. */
  private silence(ms: number): Promise<readonly SoundFile[]> {
    const rounded = Math.round(ms / SILENCE_STEP_MS) * SILENCE_STEP_MS
    const pieces = Array.from({ length: Math.floor(rounded / SILENCE_MS) }, () => SILENCE_MS)
    const rest = rounded % SILENCE_MS
    if (rest > 0) pieces.push(rest)
    return Promise.all(
      pieces.map((each) => {
        const load = () => Promise.resolve({ body: silentWav(each), keepMs: FOR_EVER_MS })
        return this.cache.get(`silence ${each}`, load)
      }),
    )
  }

  private async file(name: string): Promise<SoundFile> {
    const folder = this.settings.sounds
    if (folder === undefined) throw new SoundFault('is a file, and instructions.sounds names no folder')
    const path = join(folder, name)
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const head = Buffer.alloc(Math.min(size, HEAD_BYTES))
      await file.read(head, 0, head.length, 0)
      return { path, ms: wavLength(head, size) }
    } finally {
      await file.close()
    }
  }

  private fromWeb(text: string, base: URL | null): Promise<SoundFile> {
    if (!URL.canParse(text, base?.href)) throw new SoundFault('is no URL')
    const url = new URL(text, base ?? undefined)
    return this.cache.get(`GET ${url.href}`, async () => {
      const { body, headers } = await this.client.ask({
        ...{ url, method: 'GET', timeoutMs: SOUND_TIMEOUT_MS, most: LARGEST_SOUND },
        compose: (_method, to) => ({ url: to, headers: { accept: 'audio/*' }, body: null }),
      })
      return { body, keepMs: keepMs(headers['cache-control']) }
    })
  }

  private spoken({
    text,
    language,
    voice,
  }: Extract<SoundSource, { readonly kind: 'speech' }>): Promise<SoundFile> {
    const { speech } = this.settings
    if (speech === undefined) throw new SoundFault('needs a speech engine; none is configured')
    const body = JSON.stringify({ text, language, voice })
    const engine = new URL(speech.url)
    return this.cache.get(`speech ${speech.url} ${body}`, async () => {
      const answer = await this.client.ask({
        ...{ url: engine, method: 'POST', timeoutMs: speech.timeout, most: LARGEST_SOUND },
        compose(method, url) {
          // The engine's key is for the engine, not for whomever it redirects to.
          const own = url.origin === engine.origin ? Object.fromEntries(speech.headers) : {}
          const plain = { ...own, accept: 'audio/wav' }
          if (method === 'GET') return { url, headers: plain, body: null }
          return { url, headers: { ...plain, 'content-type': 'application/json' }, body }
        },
      })
      return { body: answer.body, keepMs: LONGEST_KEEP_MS }
    })
  }
}

function heardFrom(...files: readonly SoundFile[]): Heard {
  return {
    refs: files.map(({ path }) => ({ kind: 'file', path })),
    ms: files.reduce((sum, { ms }) => sum + ms, 0),
  }
}

/** RFC 9111 §5.2.2. */
function keepMs(cacheControl: string | undefined): number {
  const value = cacheControl?.toLowerCase() ?? ''
  if (/\bno-(store|cache)\b/.test(value)) return 0
  const seconds = /\bmax-age\s*=\s*(\d{1,9})\b/.exec(value)?.[1]
  return seconds === undefined ? KEEP_MS : Math.min(Number(seconds) * 1000, LONGEST_KEEP_MS)
}
