import type { Endpoint, Flow, ListeningPoint } from './transport.js'

/** The flow to a peer that there is no way to. Requests on it fail as those on a refused connection do. */
export class UnreachableFlow implements Flow {
  readonly open = false

  constructor(
    readonly point: ListeningPoint,
    readonly remote: Endpoint,
    private readonly why: string,
  ) {}

  send(_bytes: Buffer, failed?: (error: Error) => void): void {
    queueMicrotask(() => failed?.(new Error(this.why)))
  }

  onClose(): () => void {
    return () => undefined
  }
}
