/**
 * The one vocabulary of instructions: what the configuration file, a JSON webhook and a TwiML webhook are read into.
 */
import type { Verb } from '../config/index.js'

export type { Prompt, Reference, SoundSource, Verb, Whom } from '../config/index.js'

export type VerbOf<V extends Verb['verb']> = Extract<Verb, { readonly verb: V }>
export type Ring = VerbOf<'ring'>
export type Gather = VerbOf<'gather'>

/** What is to be done with a call, as one answer or one part of the file says it. */
export interface Document {
  readonly verbs: readonly Verb[]
  /** Where it came from: what relative URLs in it start at. Null where it stands in the file. */
  readonly base: URL | null
}
