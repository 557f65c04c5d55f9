import { z } from 'zod'
import { endingSchema } from './ending.js'
import { PROBLEM_TYPES, type ProblemType } from './problem-types.js'

/** Body of an error (RFC 9457 §3), with every member that one of the types has. */
export const problemSchema = z
  .object({
    type: z.string().describe('Relative to the server: `/problems/not-found`.'),
    title: z.string(),
    status: z.int(),
    detail: z
      .string()
      .optional()
      .describe('What happened this time, for whoever reads the log of the client.'),
    errors: z
      .array(
        z.object({
          pointer: z.string().optional().describe('JSON Pointer into the body, as a URI fragment: `#/sdp`.'),
          parameter: z.string().optional().describe('Name of the path or query parameter.'),
          detail: z.string(),
        }),
      )
      .optional()
      .describe('Of `bad-request`: what is wrong with which part of the request.'),
    grant: z.string().optional().describe('Of `grant-missing`: the grant that the token lacks.'),
    ending: endingSchema.optional().describe('Of `call-ended` and `call-answered-elsewhere`.'),
  })
  .meta({ id: 'Problem', description: 'An error (RFC 9457).' })
export type ProblemBody = z.output<typeof problemSchema>

/** Members of a problem that only some types have (RFC 9457 §3.2). */
export type ProblemMembers = Pick<ProblemBody, 'errors' | 'grant' | 'ending'>

export interface ProblemOptions {
  /** Of the response. */
  readonly headers?: Readonly<Record<string, string>>
  readonly members?: ProblemMembers
}

/** An error that the client is told. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly #members: ProblemMembers
  constructor(
    readonly type: ProblemType,
    readonly detail?: string,
    { headers = {}, members = {} }: ProblemOptions = {},
  ) {
    super(detail ?? type)
    this.status = PROBLEM_TYPES[type].status
    this.headers = headers
    this.#members = members
  }

  get body(): ProblemBody {
    return {
      type: `/problems/${this.type}`,
      title: PROBLEM_TYPES[this.type].title,
      status: this.status,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      ...this.#members,
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
