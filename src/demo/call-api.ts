import { JsonClient, type ApiAnswer } from './json-client.js'
import type { Address } from './sip/uri.js'

export type { ApiAnswer } from './json-client.js'

export type DeclineBody =
  | { readonly reason: 'busy' | 'reject' }
  | { readonly reason: 'message'; readonly message: string }
  | { readonly reason: 'redirect'; readonly to: { readonly user: string } | { readonly number: string } }

/** The call API as an app uses it: one connection that is kept open, and the token of a push. */
export class CallApi {
  readonly #client: JsonClient

  /** `deadlineMs`: for each request. */
  constructor(server: Address, deadlineMs?: number) {
    this.#client = new JsonClient(server, deadlineMs)
  }

  /** Opens the connection, so that the next request need not. Rejects where the server cannot be reached. */
  async connect(): Promise<void> {
    await this.#exchange('GET', '/healthz')
  }

  view(callId: string, token: string): Promise<ApiAnswer> {
    return this.#exchange('GET', pathOf(callId), token)
  }

  /** `sdp`: the answer to the offer that the push carried. */
  accept(callId: string, token: string, sdp?: string): Promise<ApiAnswer> {
    return this.#exchange('POST', `${pathOf(callId)}/accept`, token, sdp === undefined ? {} : { sdp })
  }

  decline(callId: string, token: string, body: DeclineBody): Promise<ApiAnswer> {
    return this.#exchange('POST', `${pathOf(callId)}/decline`, token, body)
  }

  hangUp(callId: string, token: string): Promise<ApiAnswer> {
    return this.#exchange('POST', `${pathOf(callId)}/hangup`, token, {})
  }

  close(): void {
    this.#client.close()
  }

  #exchange(method: 'GET' | 'POST', path: string, token?: string, body?: object): Promise<ApiAnswer> {
    return this.#client.exchange({ method, path, token, body })
  }
}

function pathOf(callId: string): string {
  return `/v1/calls/${encodeURIComponent(callId)}`
}
