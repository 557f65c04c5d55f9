import type { AttemptId } from '../call/ids.js'
import type { Media, MediaEndpoint, MediaEndpointEvents } from '../ports/media.js'

/**
 * Our SDP offers that went out in the pushes of one call, each with the endpoint that stands behind it until the call
 * is somebody's.
 */
export class PushOffers {
  private readonly open = new Map<AttemptId, Promise<MediaEndpoint>>()
  private closed = false

  constructor(private readonly media: Media) {}

  /** The offer for an attempt's push; the same for its whole life. Rejects with MediaError. */
  async make(
    attempt: AttemptId,
    caller: MediaEndpoint | undefined,
    events: MediaEndpointEvents,
  ): Promise<string> {
    const known = this.open.get(attempt)
    if (known !== undefined) return (await known).localSdp
    const made = this.media.endpoint({
      events,
      ...(caller === undefined ? {} : { offerLike: caller }),
    })
    this.open.set(attempt, made)
    const endpoint = await made
    if (this.closed) await endpoint.close()
    return endpoint.localSdp
  }

  /** The endpoint behind an attempt's offer, which is the taker's to close from now on. */
  take(attempt: AttemptId): Promise<MediaEndpoint> | undefined {
    const made = this.open.get(attempt)
    this.open.delete(attempt)
    return made
  }

  /** Puts back what could not be used: the answer was none, another one may be. */
  giveBack(attempt: AttemptId, endpoint: MediaEndpoint): Promise<void> {
    if (this.closed) return endpoint.close()
    this.open.set(attempt, Promise.resolve(endpoint))
    return Promise.resolve()
  }

  /** Gives back the media of every offer that was not taken. Idempotent. */
  async close(): Promise<void> {
    this.closed = true
    const left = [...this.open.values()]
    this.open.clear()
    // An offer that could not be made has nothing to close, and was heard of where it was asked for.
    await Promise.all(
      left.map((made) =>
        made.then(
          (endpoint) => endpoint.close(),
          () => undefined,
        ),
      ),
    )
  }
}
