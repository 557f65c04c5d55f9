import type { Performance } from '../call/performance.js'
import type { Log } from '../ports/log.js'
import type { Heard, Sounds } from './sounds/sounds.js'
import type { Gather, Prompt } from './verbs.js'

/** `limitMs`: it is over then, whatever has become of it. */
export interface Staged {
  readonly performance: Performance
  readonly limitMs: number
}

/** What a performance may take longer than its sounds do. */
const LEEWAY_MS = 2000
const LONGEST_MS = 4 * 3_600_000
/** However many digits there may be: nobody dials for so long. */
const LONGEST_DIALLING_MS = 600_000

/** Makes verbs into what the caller hears. Sounds that cannot be had are left out, and the log says why. */
export class Stage {
  constructor(
    private readonly sounds: Sounds,
    private readonly log: Log,
    private readonly callId: string,
  ) {}

  /** Null where there is nothing to be heard. */
  async play(prompt: Prompt, base: URL | null): Promise<Staged | null> {
    const heard = await this.heard(prompt, base)
    if (heard === null) return null
    // A tone has no end of its own: the limit is how long it was asked for.
    if (heard.ref.kind === 'tone') {
      const performance = { kind: 'play', sounds: [heard.ref], times: FOR_EVER } as const
      return { performance, limitMs: Math.min(heard.ms * prompt.times, LONGEST_MS) }
    }
    const limitMs = Math.min(heard.ms * prompt.times + LEEWAY_MS, LONGEST_MS)
    return { performance: { kind: 'play', sounds: [heard.ref], times: prompt.times }, limitMs }
  }

  pause(ms: number): Staged {
    return { performance: { kind: 'pause', ms }, limitMs: ms + LEEWAY_MS }
  }

  async gather(verb: Gather, base: URL | null): Promise<Staged> {
    const { times, maxDigits, finishOn, timeoutMs } = verb
    const each = await Promise.all(verb.prompts.map((prompt) => this.heard(prompt, base)))
    const heard = each.flatMap((one, index) => repeated(one, verb.prompts[index]?.times ?? 1))
    const promptsMs = heard.reduce((sum, { ms }) => sum + ms, 0) * times
    const diallingMs = Math.min(timeoutMs * (maxDigits + 1), LONGEST_DIALLING_MS)
    return {
      performance: {
        kind: 'gather',
        prompts: heard.map(({ ref }) => ref),
        times,
        maxDigits,
        finishOn,
        timeoutMs,
      },
      limitMs: Math.min(promptsMs + Math.max(diallingMs, timeoutMs) + LEEWAY_MS, LONGEST_MS),
    }
  }

  private async heard({ sound }: Prompt, base: URL | null): Promise<Heard | null> {
    try {
      return await this.sounds.heard(sound, base)
    } catch (error) {
      this.log.warn({ err: error, callId: this.callId, sound: sound.kind }, 'a sound is left out')
      return null
    }
  }
}

/** As good as without end. */
const FOR_EVER = 100_000
/** Prompts are a list; a prompt that repeats is in it so often. */
const MOST_REPEATED = 100

function repeated(heard: Heard | null, times: number): readonly Heard[] {
  return heard === null ? [] : Array.from({ length: Math.min(times, MOST_REPEATED) }, () => heard)
}
