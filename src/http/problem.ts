import { STATUS_CODES } from 'node:http'

/**
 * Problem types (RFC 9457 §3.1.1) and the status of each. Clients tell errors apart by type: a type keeps its
 * meaning for ever.
 */
const TYPES = {
  'bad-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'admin-disabled': 403,
  'not-found': 404,
  'method-not-allowed': 405,
  timeout: 408,
  'too-large': 413,
  'uri-too-long': 414,
  'unsupported-media-type': 415,
  'headers-too-large': 431,
  internal: 500,
  unavailable: 503,
} as const
export type ProblemType = keyof typeof TYPES

export interface ProblemBody {
  /** Relative to the server, as RFC 9457 §3.1.1 allows: `/problems/not-found`. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail?: string
}

/** An error that the client is told. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  constructor(
    readonly type: ProblemType,
    readonly detail?: string,
    /** Of the response. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail ?? type)
    this.status = TYPES[type]
  }

  get body(): ProblemBody {
    return {
      type: `/problems/${this.type}`,
      title: STATUS_CODES[this.status] ?? this.type,
      status: this.status,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
    }
  }
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8'

/** The problem of a status that the HTTP framework or parser came to by itself; undefined where it is a fault of ours. */
export function problemOfStatus(status: number, detail: string): Problem | undefined {
  const type = BY_STATUS.get(status)
  if (type !== undefined) return new Problem(type, detail)
  return status >= 400 && status < 500 ? new Problem('bad-request', detail) : undefined
}

const BY_STATUS: ReadonlyMap<number, ProblemType> = new Map([
  [404, 'not-found'],
  [408, 'timeout'],
  [413, 'too-large'],
  [414, 'uri-too-long'],
  [415, 'unsupported-media-type'],
  [431, 'headers-too-large'],
])
