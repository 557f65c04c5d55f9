import { COMPLETED_ELSEWHERE, type Ending, ending } from '../../../src/call/ending.js'
import type {
  Accept,
  CallControl,
  CallRefusal,
  CallRefusalReason,
  CallView,
  Decline,
} from '../../../src/ports/call-control.js'

interface Call {
  readonly startedAt: number
  readonly deadline: number
  readonly invited: ReadonlySet<string>
  readonly declined: Map<string, Decline>
  winner?: { readonly device: string; readonly accept: Accept }
  ending: Ending | null
}

/** Calls in memory, of which devices are told, and that they accept, decline and end. */
export class FakeCalls implements CallControl {
  readonly #calls = new Map<string, Call>()
  /** Why every request is refused, while there is a reason. */
  refusing: CallRefusalReason | undefined

  ring(id: string, invited: readonly string[], startedAt: number, deadline: number): void {
    this.#calls.set(id, { startedAt, deadline, invited: new Set(invited), declined: new Map(), ending: null })
  }

  end(id: string, how: Ending): void {
    const call = this.#calls.get(id)
    if (call) call.ending = how
  }

  /** The accept that won, or the decline of a device. */
  answerOf(id: string, device: string): Accept | Decline | undefined {
    const call = this.#calls.get(id)
    return call?.winner?.device === device ? call.winner.accept : call?.declined.get(device)
  }

  view(id: string, device: string): Promise<CallView | CallRefusal> {
    return this.#with(id, device, () => undefined)
  }

  accept(id: string, device: string, accept: Accept): Promise<CallView | CallRefusal> {
    return this.#with(id, device, (call) => {
      if (call.ending !== null) return ended(call.ending)
      if (call.declined.has(device)) return refused('already-answered')
      if (call.winner === undefined) {
        if (accept.sdp?.startsWith('v=0') === false) return refused('not-acceptable')
        call.winner = { device, accept }
        return undefined
      }
      if (call.winner.device !== device) return refused('answered-elsewhere')
      return call.winner.accept.sdp === accept.sdp ? undefined : refused('already-answered')
    })
  }

  decline(id: string, device: string, decline: Decline): Promise<CallView | CallRefusal> {
    return this.#with(id, device, (call) => {
      if (call.ending !== null) return ended(call.ending)
      if (call.winner !== undefined) return refused('already-answered')
      if (decline.reason === 'redirect' && decline.to.kind === 'number')
        return refused('redirect-not-allowed')
      call.declined.set(device, decline)
      if (call.declined.size === call.invited.size) call.ending = ending('declined', 'callee')
      return undefined
    })
  }

  hangUp(id: string, device: string): Promise<CallView | CallRefusal> {
    return this.#with(id, device, (call) => {
      if (call.winner?.device !== device) return refused('answered-elsewhere')
      call.ending ??= ending('hung-up', 'callee')
      return undefined
    })
  }

  #with(
    id: string,
    device: string,
    act: (call: Call) => CallRefusal | undefined,
  ): Promise<CallView | CallRefusal> {
    const call = this.#calls.get(id)
    if (this.refusing !== undefined) return Promise.resolve(refused(this.refusing))
    if (call === undefined) return Promise.resolve(refused('not-found'))
    if (!call.invited.has(device)) return Promise.resolve(refused('not-invited'))
    return Promise.resolve(act(call) ?? viewOf(id, call, device))
  }
}

function viewOf(id: string, call: Call, device: string): CallView {
  const live = call.winner === undefined ? 'ringing' : 'accepted'
  return {
    ...{ kind: 'call', callId: id, state: call.ending === null ? live : 'ended' },
    yours: call.winner?.device === device,
    ...{ caller: '+15550100', callerName: 'Carol', callee: '+15550199' },
    ...{ startedAt: call.startedAt, deadline: call.ending === null ? call.deadline : null },
    ending: call.ending,
  }
}

function refused(why: CallRefusalReason): CallRefusal {
  const elsewhere = ending('hung-up', 'callee', { reason: COMPLETED_ELSEWHERE })
  return {
    kind: 'refused',
    why,
    detail: `refused: ${why}`,
    ...(why === 'ended' ? { ending: elsewhere } : {}),
  }
}

function ended(how: Ending): CallRefusal {
  return { kind: 'refused', why: 'ended', detail: 'The call is over.', ending: how }
}
