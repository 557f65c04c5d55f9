import type { z } from 'zod'
import type { ProblemType } from './problem-types.js'
import type { Demand, Identity, Scheme } from './security.js'
import type { Grant } from './tokens.js'

/** A successful response: JSON, a text of some media type, or no body at all. */
export type ResponseSpec = { readonly description: string } & (
  { readonly json: z.ZodType } | { readonly text: string } | { readonly empty: true }
)
type Responses = Readonly<Record<number, ResponseSpec>>

type BodyOf<R> = R extends { readonly json: infer J extends z.ZodType }
  ? { readonly body: z.input<J> }
  : R extends { readonly text: string }
    ? { readonly body: string }
    : { readonly body?: undefined }

/** One of the responses that the operation names. */
type ReplyOf<R extends Responses> = {
  [S in keyof R & number]: {
    readonly status: S
    readonly headers?: Readonly<Record<string, string>>
  } & BodyOf<R[S]>
}[keyof R & number]

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** What a handler is given; every part has passed its schema. */
export interface Input<P, Q, B, S extends Scheme> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly identity: Identity<S>
  /** Aborts when the client is gone before its response. */
  readonly signal: AbortSignal
}

interface Common {
  /** Stable name, for generated clients: `acceptCall`. */
  readonly id: string
  readonly tag:
    'calls' | 'devices' | 'channel' | 'invitations' | 'presence' | 'forwarding' | 'admin' | 'server'
  readonly summary: string
  readonly description?: string
  /** Of a client token; of a list, one will do. */
  readonly grant?: Grant | readonly Grant[]
  /** Of a call token: for how long after its expiry it is taken, in milliseconds. */
  readonly leewayMs?: number
  /** What the handler may throw, beyond what follows from security and input. */
  readonly problems?: readonly ProblemType[]
}

/** A method of a resource, for {@link operation}. */
export interface OperationSpec<
  S extends Scheme,
  R extends Responses,
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
> extends Common {
  /** One of these lets in; `none` is for everybody. */
  readonly security: S | readonly S[]
  /** Objects of strings; a query that names what is not in its schema is refused where the schema is strict. */
  readonly params?: P
  readonly query?: Q
  /** JSON. May be left out by the client where the schema takes undefined. */
  readonly body?: B
  /** By status. */
  readonly responses: R
  /** Throws a Problem for everything else. */
  readonly handle: (
    input: Input<z.output<P>, z.output<Q>, z.output<B>, S>,
  ) => ReplyOf<NoInfer<R>> | Promise<ReplyOf<NoInfer<R>>>
}

/** An operation whose types are forgotten: what routes are made of. */
export interface Operation extends Common, Demand {
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  readonly responses: Responses
  readonly handle: (input: Input<unknown, unknown, unknown, Scheme>) => Reply | Promise<Reply>
}

/** Describes a method of a resource once: checks, handler and documentation are made of it. */
export function operation<
  const S extends Scheme,
  const R extends Responses,
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(spec: OperationSpec<S, R, P, Q, B>): Operation {
  const { security, handle, ...rest } = spec
  return {
    ...rest,
    security: typeof security === 'string' ? [security] : security,
    // Whoever calls it has put the input through these very schemas, and the identity through this demand.
    handle: handle as unknown as Operation['handle'],
  }
}
