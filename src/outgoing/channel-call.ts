import type { ToldCaller } from '../ports/client-calls.js'
import { type Final, type IncomingCall, type Leg, type LegEvents, SipFailure } from '../ports/signaling.js'

export interface ChannelCallOptions {
  /** Of the client's queue of messages, and of what stands for SIP's Call-ID. */
  readonly id: string
  /** What is called, as a URI. */
  readonly uri: string
  readonly offer: string
  /** Tells the client; in order. Rejects where that cannot be done. */
  tell(message: Untold): Promise<void>
  /** Whether the client is away for good, as far as is known. Rejects with StoreUnavailable. */
  vanished(): Promise<boolean>
}

/** What is told of a call, before it has its id. */
export type Untold = DistributiveOmit<ToldCaller, 'callId'>
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/**
 *   ringing --answer--> talking --hang-up, either side--> over
 *      +------reject, hang-up------------------------------+
 */
type Phase =
  | { readonly name: 'ringing' }
  | { readonly name: 'talking'; readonly listener: LegEvents | undefined }
  | { readonly name: 'over' }

/**
 * A call that a client makes over its channel, as the runtime sees a caller: what it answers goes out as messages, and
 * what the client says comes in by `hangUp`, `reoffer` and `info`. That the call is over, and why, is told by whoever
 * owns it.
 */
export class ChannelCall implements IncomingCall {
  readonly method = 'INVITE'
  readonly uri: string
  readonly callId: string
  /** None: the client's leg is lost with the server alone. */
  readonly gateway = ''
  readonly source = { protocol: 'channel', address: '', port: 0 }
  readonly contentType = 'application/sdp'
  readonly offer: string
  #phase: Phase = { name: 'ringing' }
  #cancelled = false
  #onCancel: (reason: string | undefined) => void = () => undefined

  constructor(private readonly options: ChannelCallOptions) {
    this.uri = options.uri
    this.callId = options.id
    this.offer = options.offer
  }

  get body(): string {
    return this.offer
  }

  header(): undefined {
    return undefined
  }

  headers(): readonly string[] {
    return []
  }

  async provisional({ status, sdp }: { readonly status: number; readonly sdp?: string }): Promise<void> {
    if (this.#phase.name !== 'ringing') return
    await this.options.tell({ type: 'call-progress', status, ...(sdp === undefined ? {} : { sdp }) })
  }

  async answer({ sdp }: { readonly sdp: string }): Promise<Leg> {
    if (this.#phase.name !== 'ringing') throw new SipFailure(487, 'the client has hung up')
    this.#phase = { name: 'talking', listener: undefined }
    try {
      await this.options.tell({ type: 'call-answered', sdp })
    } catch (error) {
      throw new SipFailure(503, error instanceof Error ? error.message : String(error))
    }
    return this.#leg()
  }

  reject(_final: Final): Promise<void> {
    this.#phase = { name: 'over' }
    return Promise.resolve()
  }

  onCancel(listener: (reason: string | undefined) => void): void {
    this.#onCancel = listener
    if (this.#cancelled) listener(undefined)
  }

  vanished(): Promise<boolean> {
    return this.options.vanished()
  }

  /** The client cancels, or hangs up. */
  hangUp(): void {
    const phase = this.#phase
    if (phase.name === 'over') return
    this.#phase = { name: 'over' }
    if (phase.name === 'talking') return phase.listener?.ended(undefined)
    this.#cancelled = true
    this.#onCancel(undefined)
  }

  /** Our answer to a new offer; undefined where nobody has answered yet. Rejects with MediaError. */
  async reoffer(sdp: string): Promise<string | undefined> {
    return this.#phase.name === 'talking' ? this.#phase.listener?.reoffered(sdp) : undefined
  }

  /** Status of the other side's answer; undefined where nobody has answered yet. Rejects with SipFailure. */
  async info(contentType: string, body: string): Promise<number | undefined> {
    return this.#phase.name === 'talking' ? this.#phase.listener?.info(contentType, body) : undefined
  }

  #leg(): Leg {
    return {
      remoteSdp: this.offer,
      listen: (listener) => {
        // Its hang-up crossed our answer.
        if (this.#phase.name === 'over') listener.ended(undefined)
        else this.#phase = { name: 'talking', listener }
      },
      info: (contentType, body) => this.options.tell({ type: 'call-info', contentType, body }),
      hangUp: () => {
        this.#phase = { name: 'over' }
        return Promise.resolve()
      },
    }
  }
}
