import type { ClientRequest, IncomingMessage } from 'node:http'
import type { WebhookAnswer } from './webhook-outcome.js'

/** Of a body only this much is kept, bytes; it serves the log. */
const KEPT_BODY = 2048
/** A longer body than this is not even read to its end: closing the connection is cheaper. */
const READ_BODY = 65_536

/** The answer; or why none came: what the socket said, or the reason that it was given up for. */
export type Exchange =
  | { readonly kind: 'answered'; readonly answer: WebhookAnswer }
  | { readonly kind: 'failed'; readonly error: NodeJS.ErrnoException }

/** Ends the exchange early, for this reason. An answer whose status is in already still counts. */
export type GiveUp = (reason: Error) => void

/**
 * Sends the request and collects what decides. The status alone decides, so that a body that stalls or breaks off
 * does not change it.
 */
export function exchange(request: ClientRequest, body: string, done: (result: Exchange) => void): GiveUp {
  let settle = (result: Exchange): void => {
    settle = () => undefined
    done(result)
  }
  let failure: Error | undefined
  let collected: (() => WebhookAnswer) | undefined

  function fail(error: Error): void {
    if (collected) settle({ kind: 'answered', answer: collected() })
    else settle({ kind: 'failed', error: failure ?? error })
  }

  request.once('response', (response) => {
    collected = collect(response, () => settle({ kind: 'answered', answer: collected!() }))
  })
  // Also after `settle`: a socket that is destroyed late says so here, and an unheard error would end the process.
  request.on('error', fail)
  request.once('close', () => fail(new Error('connection closed without an answer')))
  request.end(body)

  return (reason) => {
    failure = reason
    request.destroy(reason)
    // A request that waits for a free connection in the pool hears of `destroy` only once it gets one.
    fail(reason)
  }
}

/** Reads the body up to the bounds; the returned function tells what is there so far. */
function collect(response: IncomingMessage, ended: () => void): () => WebhookAnswer {
  const chunks: Buffer[] = []
  let size = 0
  response.on('data', (chunk: Buffer) => {
    if (size < KEPT_BODY) chunks.push(chunk)
    size += chunk.length
    if (size > READ_BODY) response.destroy()
  })
  response.once('close', ended)
  response.on('error', ended)
  return () => ({
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks).subarray(0, KEPT_BODY).toString('utf8'),
  })
}
