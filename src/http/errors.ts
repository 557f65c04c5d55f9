import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../ports/log.js'
import { StoreUnavailable } from '../ports/store.js'
import { Problem, PROBLEM_CONTENT_TYPE, problemOfStatus } from './problem.js'

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .header('content-type', PROBLEM_CONTENT_TYPE)
    .send(problem.body)
}

/** Whatever a handler threw, or the framework came upon, as a problem. Faults of ours are logged and not described. */
export function problemOf(error: unknown, request: FastifyRequest, log: Log): Problem {
  if (error instanceof Problem) return error
  if (error instanceof StoreUnavailable) {
    log.warn({ err: error, url: request.url }, 'the database is away')
    return new Problem('unavailable', 'The database is away.', { headers: { 'retry-after': '5' } })
  }
  const known = isFrameworkError(error) ? problemOfStatus(error.statusCode, error.message) : undefined
  if (known !== undefined) return known
  log.error({ err: error, method: request.method, url: request.url }, 'an HTTP request failed')
  return new Problem('internal')
}

function isFrameworkError(error: unknown): error is FastifyError & { statusCode: number } {
  return (
    error instanceof Error &&
    'code' in error &&
    String(error.code).startsWith('FST_ERR_') &&
    'statusCode' in error &&
    typeof error.statusCode === 'number'
  )
}

/** What the HTTP parser refuses has neither request nor reply: the answer is written to the socket as it is. */
export function refuseUnparsable(error: NodeJS.ErrnoException, socket: Socket): void {
  // Gone already, or in the middle of another answer.
  const answering = (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage
  if (error.code === 'ECONNRESET' || !socket.writable || answering?.headersSent === true) {
    socket.destroy()
    return
  }
  const status = PARSER_STATUS.get(error.code ?? '') ?? 400
  const problem = problemOfStatus(status, 'The request could not be read.') ?? new Problem('bad-request')
  const body = JSON.stringify(problem.body)
  socket.end(
    [
      `HTTP/1.1 ${String(problem.status)} ${problem.body.title}`,
      'Connection: close',
      `Content-Type: ${PROBLEM_CONTENT_TYPE}`,
      `Content-Length: ${String(Buffer.byteLength(body))}`,
      '',
      body,
    ].join('\r\n'),
  )
}

const PARSER_STATUS: ReadonlyMap<string, number> = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
])
