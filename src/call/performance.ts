/** What a caller is made to hear or to do, with nobody else there. Times in milliseconds. */
export type Performance =
  | Play
  | Gather
  /** Silence. */
  | { readonly kind: 'pause'; readonly ms: number }

/** The sounds one after another, and all of them `times` over. */
export interface Play {
  readonly kind: 'play'
  readonly sounds: readonly SoundRef[]
  readonly times: number
}

/** Digits that the caller dials, while or after it hears the prompts; they go to whoever directed the call. */
export interface Gather {
  readonly kind: 'gather'
  readonly prompts: readonly SoundRef[]
  readonly times: number
  /** It is over with so many digits. */
  readonly maxDigits: number
  /** It is over with this digit, which is none of those that were dialled. */
  readonly finishOn: string | null
  /** How long after the prompts, and after each digit, the next one is awaited. */
  readonly timeoutMs: number
}

/** `path`: an audio file of ours. `name`: a tone of the country. */
export type SoundRef =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'tone'; readonly name: 'ringback' | 'busy' | 'congestion' }
