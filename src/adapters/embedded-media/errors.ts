import { MediaError as EngineError, type MediaErrorCode as EngineCode } from '../../embedded/media/index.js'
import { MediaError, type MediaErrorCode } from '../../ports/media.js'

const CODES: Readonly<Record<EngineCode, MediaErrorCode>> = {
  'not-acceptable': 'not-acceptable',
  'bad-sdp': 'not-acceptable',
  'bad-state': 'lost',
  'bad-option': 'lost',
  'bad-file': 'not-acceptable',
  'no-ports': 'exhausted',
  'unknown-endpoint': 'lost',
  'engine-lost': 'lost',
  deadline: 'lost',
  aborted: 'lost',
  internal: 'lost',
}

/** Does something with the engine and says its errors in the port's words. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw inOurWords(error)
  }
}

export function inOurWords(error: unknown): MediaError {
  if (error instanceof MediaError) return error
  if (error instanceof EngineError) return new MediaError(CODES[error.code], error.message)
  return new MediaError('lost', error instanceof Error ? error.message : String(error))
}
