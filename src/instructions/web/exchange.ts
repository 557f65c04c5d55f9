import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { WebFault } from './fault.js'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/**
 * Sends a request, and reads its answer to the end.
 *
 * @param most bytes of the body
 * @param signal ends it, with its reason as what is thrown
 * @throws WebFault, or what the socket said
 */
export function exchange(
  request: ClientRequest,
  body: string | null,
  most: number,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      signal.removeEventListener('abort', abort)
      reject(error)
      request.destroy()
    }
    // A request that waits for a free connection in the pool hears of `destroy` only once it gets one.
    const abort = (): void => fail(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    // Also after the end: a socket that breaks late says so here, and an unheard error would end the process.
    request.on('error', fail)
    request.once('response', (response) => {
      collect(response, most, fail, (read) => {
        signal.removeEventListener('abort', abort)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: read })
      })
    })
    if (!signal.aborted) request.end(body ?? undefined)
  })
}

function collect(
  response: IncomingMessage,
  most: number,
  fail: (error: Error) => void,
  done: (body: Buffer) => void,
): void {
  const chunks: Buffer[] = []
  let size = 0
  const announced = Number(response.headers['content-length'] ?? 0)
  if (announced > most) return fail(tooLarge(most))
  response.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > most) fail(tooLarge(most))
    else chunks.push(chunk)
  })
  response.on('error', fail)
  response.once('end', () => done(Buffer.concat(chunks)))
  response.once('close', () => {
    if (!response.complete) fail(new WebFault('unreachable', 'the connection broke within the answer', true))
  })
}

function tooLarge(most: number): WebFault {
  return new WebFault('too-large', `the answer is longer than ${most} bytes`)
}
