/**
 * Why the engine refused or failed a request.
 *
 * - `not-acceptable`: the description is well formed and cannot be served (a caller gets 488)
 * - `bad-sdp`: the description breaks the grammar or the offer/answer rules (a caller gets 400)
 * - `bad-state`: the request does not fit the endpoint's state, e.g. joining one that has no answer yet
 * - `bad-option`, `bad-file`: what was asked for cannot be: a port range, a tone, an audio file
 * - `no-ports`: every port pair of the range is in use, resting or taken by others
 * - `unknown-endpoint`: the endpoint is closed
 * - `engine-lost`: the worker died or was closed; nothing of it is left
 * - `deadline`: the worker did not answer in time
 * - `aborted`: the request's own AbortSignal fired
 * - `internal`: a defect of the engine
 */
export type MediaErrorCode =
  | 'not-acceptable'
  | 'bad-sdp'
  | 'bad-state'
  | 'bad-option'
  | 'bad-file'
  | 'no-ports'
  | 'unknown-endpoint'
  | 'engine-lost'
  | 'deadline'
  | 'aborted'
  | 'internal'

/** The one error type that crosses the engine's face. */
export class MediaError extends Error {
  override readonly name = 'MediaError'

  constructor(
    readonly code: MediaErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }

  /** Any thrown value as a MediaError; an unknown one is the engine's own defect. */
  static from(cause: unknown): MediaError {
    if (cause instanceof MediaError) return cause
    const message = cause instanceof Error ? cause.message : String(cause)
    return new MediaError('internal', message, { cause })
  }
}
