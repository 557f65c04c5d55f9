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
    const { refs: sounds, ms } = heard
    // A tone has no end of its own: the limit is how long it was asked for.
    if (prompt.sound.kind === 'tone') {
      const performance = { kind: 'play', sounds, times: FOR_EVER } as const
      return { performance, limitMs: Math.min(ms * prompt.times, LONGEST_MS) }
    }
    const limitMs = Math.min(ms * prompt.times + LEEWAY_MS, LONGEST_MS)
    return { performance: { kind: 'play', sounds, times: prompt.times }, limitMs }
  }

  pause(ms: number): Staged {
    return { performance: { kind: 'pause', ms }, limitMs: ms + LEEWAY_MS }
  }

  /** @param signal the caller is gone: what is missing of the prompts is left out */
  async gather(verb: Gather, base: URL | null, signal: AbortSignal): Promise<Staged> {
    const { times, maxDigits, finishOn, timeoutMs } = verb
    const heard = await this.prompts(verb.prompts, base, signal)
    const promptsMs = heard.reduce((sum, { ms }) => sum + ms, 0) * times
    const diallingMs = Math.min(timeoutMs * (maxDigits + 1), LONGEST_DIALLING_MS)
    return {
      performance: {
        kind: 'gather',
        prompts: heard.flatMap(({ refs }) => refs),
        times,
        maxDigits,
        finishOn,
        timeoutMs,
      },
      limitMs: Math.min(promptsMs + Math.max(diallingMs, timeoutMs) + LEEWAY_MS, LONGEST_MS),
    }
  }

  /** One after another: each of them may be as long as a sound can be, and a document may name many. */
  private async prompts(
    prompts: readonly Prompt[],
    base: URL | null,
    signal: AbortSignal,
  ): Promise<readonly Heard[]> {
    const heard: Heard[] = []
    for (const prompt of prompts) {
      if (signal.aborted) break
      heard.push(...repeated(await this.heard(prompt, base), prompt.times))
    }
    return heard
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
