/** What the thread of PGlite is told when it starts. */
export interface PgliteThreadData {
  /** Directory of the store, which is there; null for a database in memory. */
  readonly directory: string | null
}

/** To the thread: messages of the PostgreSQL protocol, whole ones; or that it is to end. */
export type ToThread = Uint8Array | 'close'

/** From the thread: the answer to each piece of the protocol, in their order; and what became of the engine. */
export type FromThread =
  | Uint8Array
  | { readonly type: 'open' }
  | { readonly type: 'closed' }
  /** The engine could not be opened or closed, or broke down under a statement: it answers no more. */
  | { readonly type: 'failed'; readonly message: string; readonly stack: string | undefined }
