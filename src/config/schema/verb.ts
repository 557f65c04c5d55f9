import type { PresenceWord } from './presence.js'

/** Others are rung for the caller. */
export interface Ring {
  readonly verb: 'ring'
  readonly to: readonly Whom[]
  readonly strategy: 'side-by-side' | 'in-turn'
  /** How long each step rings; null: as long as the users' own settings say. */
  readonly timeoutMs: number | null
  /** Whom those who are rung see as the caller; null: the caller. */
  readonly callerId: string | null
  /** The caller is answered before, and hears ringback. */
  readonly answerFirst: boolean
  /** Users of this presence are left out. */
  readonly unless: readonly PresenceWord[]
  readonly action: Reference | null
}

/** `answer`: the caller is answered before; otherwise it hears early media. */
export interface Play extends Prompt {
  readonly verb: 'play'
  readonly answer: boolean
}

/** The caller dials digits. */
export interface Gather {
  readonly verb: 'gather'
  readonly prompts: readonly Prompt[]
  readonly times: number
  readonly answer: boolean
  readonly maxDigits: number
  readonly finishOn: string | null
  /** How long after the prompts, and after each digit, the next one is awaited. */
  readonly timeoutMs: number
  readonly action: Reference | null
  /** The action is asked where nothing was dialled, too. */
  readonly actionOnEmpty: boolean
  readonly choices: ReadonlyMap<string, Reference> | null
}

/** One step of instructions. Times in milliseconds. */
export type Verb =
  | Ring
  | Play
  | Gather
  | { readonly verb: 'pause'; readonly ms: number }
  | { readonly verb: 'redirect'; readonly to: Reference }
  | { readonly verb: 'reject'; readonly status: number }
  | { readonly verb: 'hang-up' }

/** Who is rung. A number or URI without a trunk goes out through the one of the instructions. */
export type Whom =
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'client'; readonly client: string }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'number'; readonly number: string; readonly trunk: string | null }
  | { readonly kind: 'uri'; readonly uri: string; readonly trunk: string | null }

/** Where instructions go on: the name of others, or a URL. */
export interface Reference {
  readonly to: string
  readonly method: 'GET' | 'POST'
}

/** What is heard. Times in milliseconds. */
export type SoundSource =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'tone'; readonly tone: 'ringback' | 'busy' | 'congestion'; readonly ms: number }
  | {
      readonly kind: 'speech'
      readonly text: string
      readonly language: string | null
      readonly voice: string | null
    }
  | { readonly kind: 'silence'; readonly ms: number }

/** A sound, so many times over. */
export interface Prompt {
  readonly sound: SoundSource
  readonly times: number
}

/** More digits than anybody is asked for. */
export const MOST_DIGITS = 64

/** That a caller hears before it dials. */
export const MOST_PROMPTS = 50
