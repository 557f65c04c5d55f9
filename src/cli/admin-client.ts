import { isIPv6 } from 'node:net'
import { z } from 'zod'
import type { Issued, TokenOrder } from '../clients/tokens/issuer.js'
import type { HttpConfig } from '../config/index.js'
import { callDetailView, callView, deviceView } from '../observe/views.js'
import { routeView, type RouteView } from '../observe/route-view.js'
import { CommandError } from './command.js'
import type { Records } from './records.js'

/** Milliseconds that a server may take for an answer. */
const PATIENCE = 5000

const callList = z.object({ calls: z.array(callView) })
const deviceList = z.object({ devices: z.array(deviceView) })
const issuedToken = z.object({ token: z.string(), id: z.string(), expiresAt: z.iso.datetime() })
const problem = z.object({ detail: z.string() })

/** What a running server can be asked besides. */
export interface ServerRecords extends Records {
  /** By which regions a call would go. @throws CommandError also where no trunk is meant */
  route(from: string, to: string): Promise<RouteView>
  mint(order: TokenOrder): Promise<Pick<Issued, 'token' | 'id' | 'expiresAt'>>
  /** A token by its id, or all of a client. */
  revoke(what: { readonly token: string } | { readonly client: string }): Promise<void>
}

/** The server that runs by this configuration, if one does: answers there, or why not. */
export async function findServer(http: HttpConfig): Promise<ServerRecords | { readonly absent: string }> {
  if (http.port === 0) return { absent: 'the configuration names no port of it' }
  const base = baseOf(http)
  try {
    const response = await get(`${base}/healthz`)
    const body: unknown = await response.json()
    if (response.ok && z.object({ status: z.literal('ok') }).safeParse(body).success) {
      return new AdminClient(base, http.adminToken)
    }
    return { absent: `something else answers at ${base}` }
  } catch (error) {
    return { absent: `none answers at ${base} (${reasonOf(error)})` }
  }
}

/** Uses the admin API of a running server. */
class AdminClient implements ServerRecords {
  readonly source: string

  constructor(
    private readonly base: string,
    private readonly token: string | undefined,
  ) {
    this.source = `the server at ${base}`
  }

  async calls(limit: number) {
    return (await this.#read(`/v1/admin/calls?limit=${String(limit)}`, callList)).calls
  }

  async call(id: string) {
    const response = await this.#ask(`/v1/admin/calls/${encodeURIComponent(id)}`)
    return response.status === 404 ? null : await this.#body(response, callDetailView)
  }

  async devices() {
    return (await this.#read('/v1/admin/devices', deviceList)).devices
  }

  route(from: string, to: string) {
    return this.#read(`/v1/route?${new URLSearchParams({ from, to }).toString()}`, routeView)
  }

  async mint({ client, user, deviceId, grants, lifetimeMs }: TokenOrder) {
    const order = { client, user, ...(deviceId === undefined ? {} : { device: deviceId }), grants }
    const response = await this.#ask('/v1/tokens', 'POST', {
      ...order,
      expiresIn: Math.ceil(lifetimeMs / 1000),
    })
    const { token, id, expiresAt } = await this.#body(response, issuedToken)
    return { token, id, expiresAt: Date.parse(expiresAt) * 1000 }
  }

  async revoke(what: { readonly token: string } | { readonly client: string }) {
    const path =
      'token' in what
        ? `/v1/tokens/${encodeURIComponent(what.token)}`
        : `/v1/clients/${encodeURIComponent(what.client)}/tokens`
    const response = await this.#ask(path, 'DELETE')
    if (!response.ok) await this.#body(response, z.never())
  }

  async #read<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
    return this.#body(await this.#ask(path), schema)
  }

  async #ask(path: string, method = 'GET', body?: object): Promise<Response> {
    const headers = {
      ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    try {
      return await get(this.base + path, { method, headers, ...sent })
    } catch (error) {
      throw new CommandError(`${this.source} did not answer: ${reasonOf(error)}`, { cause: error })
    }
  }

  async #body<T extends z.ZodType>(response: Response, schema: T): Promise<z.output<T>> {
    const body = await jsonOf(response)
    if (!response.ok) {
      const told = problem.safeParse(body)
      const detail = told.success ? `: ${told.data.detail}` : ''
      throw new CommandError(`${this.source} answered ${String(response.status)}${detail}`)
    }
    const read = schema.safeParse(body)
    if (!read.success)
      throw new CommandError(`the answer of ${this.source} is not understood: another version?`)
    return read.data
  }
}

function get(url: string, request: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...request, redirect: 'error', signal: AbortSignal.timeout(PATIENCE) })
}

/** Undefined for what is no JSON, which no schema takes. */
async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function baseOf({ host, port }: HttpConfig): string {
  // A server on every address is on this machine's own, too.
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${isIPv6(near) ? `[${near}]` : near}:${String(port)}`
}

/** fetch says no more than "fetch failed"; the reason is below. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}
