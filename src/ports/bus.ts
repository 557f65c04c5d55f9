import type { CallRefusal, CallRequest, CallView } from './call-control.js'
import type { Binding } from './store.js'

/** What one part (or node) tells the others. Plain JSON: it crosses processes. */
export type BusMessage =
  /** A REGISTER got its 2xx and is stored. */
  | { readonly type: 'registered'; readonly binding: Binding }
  /** A device can no longer be pushed, or is gone altogether. */
  | {
      readonly type: 'device-retired'
      readonly user: string
      readonly deviceId: string
      readonly reason: string
    }
  /** A device's word on a call that lives on another node; that one answers with the same id. */
  | {
      readonly type: 'call-request'
      readonly id: string
      readonly callId: string
      readonly deviceId: string
      readonly request: CallRequest
    }
  | { readonly type: 'call-reply'; readonly id: string; readonly reply: CallView | CallRefusal }

/** Delivers each message to every subscriber of every node, this one included, at least once, in order a sender. */
export interface Bus {
  publish(message: BusMessage): Promise<void>
  /** Returns the function that ends the subscription. */
  subscribe(listener: (message: BusMessage) => void): () => void
  close(): Promise<void>
}
