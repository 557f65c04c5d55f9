import type { Ending } from '../call/ending.js'

/** Nobody is to be called: the ending that the caller gets. */
export class NoRoute extends Error {
  override readonly name = 'NoRoute'
  constructor(readonly ending: Ending) {
    super(ending.detail ?? ending.cause)
  }
}
