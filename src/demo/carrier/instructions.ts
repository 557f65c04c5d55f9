import { ClientChannel, type ChannelMessage } from '../client-channel.js'
import type { JsonClient } from '../json-client.js'
import type { PushService } from '../push-service.js'
import type { Address } from '../sip/uri.js'

/** How the server reaches an app. */
export type Way = 'channel' | 'poll' | 'push'

/** What a phone is told to do with a primary call. */
export interface Instruction {
  readonly primaryCall: string
  readonly do: string
  readonly by: Way
}

/** An instruction among what else a channel or a push brings; undefined for anything else. */
export function readInstruction(
  by: Way,
  { type, kind, primaryCall, do: what }: Readonly<Record<string, unknown>>,
): Instruction | undefined {
  const named = type === 'primary-instruction' || kind === 'primary-instruction'
  if (!named || typeof primaryCall !== 'string' || typeof what !== 'string') return undefined
  return { primaryCall, do: what, by }
}

export type Take = (instruction: Instruction) => void

/** A channel that the app keeps open. */
export async function byChannel(server: Address, token: string, take: Take): Promise<() => Promise<void>> {
  const channel = await ClientChannel.open(server, { token }, (message: ChannelMessage) => {
    const instruction = readInstruction('channel', message)
    if (instruction !== undefined) take(instruction)
  })
  return () => channel.close()
}

export function byPush(push: PushService, token: string, take: Take): () => void {
  return push.deliverTo(token, ({ payload }) => {
    const instruction = readInstruction('push', payload)
    if (instruction !== undefined) take(instruction)
  })
}

/** Seconds that one poll waits; the server allows 25. */
const WAIT_S = 25

/** Asks until there is an instruction, the call is over, or the signal aborts. */
export async function byPoll(
  api: JsonClient,
  id: string,
  token: string,
  signal: AbortSignal,
): Promise<Instruction | undefined> {
  const path = `/v1/primary-calls/${encodeURIComponent(id)}?wait=${WAIT_S}`
  while (!signal.aborted) {
    const { status, body } = await api.exchange({
      method: 'GET',
      path,
      token,
      signal,
      deadlineMs: 2000 * WAIT_S,
    })
    if (status !== 200) throw new Error(`GET ${path} got ${status}`)
    const { instruction, state } = body as {
      readonly instruction: { readonly do: string } | null
      readonly state: string
    }
    if (instruction !== null) return { primaryCall: id, do: instruction.do, by: 'poll' }
    if (state === 'ended') return undefined
  }
  return undefined
}
