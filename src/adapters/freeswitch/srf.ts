/** What of drachtio-srf 5.0.29 is used for the SIP legs to FreeSWITCH, as it behaves. */
import Srf from 'drachtio-srf'

export interface Message {
  readonly status: number
  readonly body: string
  readonly raw: string
  get(name: string): string | undefined
}

export interface OutgoingInvite {
  cancel(options: object, callback: (error: unknown) => void): void
}

/** A request of FreeSWITCH inside a dialog, and the way to answer it. */
export interface IncomingRequest {
  readonly body: string
  on(event: 'cancel', listener: () => void): this
}

export interface Responder {
  send(status: number, options: object, callback: (error: unknown) => void): void
}

export interface Dialog {
  readonly remote: { readonly sdp: string }
  readonly local: { readonly contact: string }
  on(event: 'destroy', listener: (bye: Partial<Message>) => void): this
  on(event: 'modify', listener: (req: IncomingRequest, res: Responder) => void): this
  destroy(options: object, callback: (error: unknown) => void): void
  request(
    options: { method: string; headers?: Record<string, string>; body?: string },
    callback: (error: unknown, response?: Message) => void,
  ): void
}

/** A final answer that was no 2xx. */
export interface SipError extends Error {
  readonly status: number
}

export interface SrfClient {
  connect(options: {
    host: string
    port: number
    secret: string
    reconnect: { maxAttempts: number; retryMaxDelay: number }
  }): unknown
  disconnect(): void
  createUAC(
    uri: string,
    options: { localSdp: string; headers: Record<string, string> },
    progress: {
      cbRequest(error: unknown, request?: OutgoingInvite): void
      cbProvisional(response: Message): void
    },
  ): Promise<Dialog>
  on(event: 'connect', listener: (error: unknown, hostPorts: string) => void): this
  on(event: 'error' | 'close', listener: (error: unknown) => void): this
}

export function createSrf(): SrfClient {
  return new Srf() as unknown as SrfClient
}
