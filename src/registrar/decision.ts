import { acceptedHeaders } from './answer.js'
import { BindingDraft } from './binding-draft.js'
import { checkContacts } from './check.js'
import { grant } from './expiry.js'
import { refuse, type Refusal } from './refusal.js'
import type { RequestedContact } from './contact.js'
import type { Bounds } from './limits.js'
import type { RegisterRequest } from './request.js'
import type { Final } from '../ports/signaling.js'
import type { PushTarget } from '../ports/push.js'
import type { Binding, Device } from '../ports/store.js'

/** What is stored, as far as a REGISTER touches it. */
export interface CurrentState {
  /** The user's bindings that have not expired. */
  readonly bindings: readonly Binding[]
  /** The user's devices, retired ones included. */
  readonly devices: readonly Device[]
  /** The devices, anybody's, that own a push address of the request. */
  readonly owners: readonly Device[]
  /** Bindings that other users have of those devices. */
  readonly foreignBindings: readonly Binding[]
}

/** What else a decision rests on: values only, so that deciding is pure. */
export interface DecisionContext {
  /** Name of the user that the sender proved to be. */
  readonly user: string
  /** The device that the sender proved to be, where it did. */
  readonly deviceId: string | undefined
  /** Of the gateway that the request came through; undefined where it has none. */
  readonly region?: string | undefined
  /** Microseconds since the epoch. */
  readonly now: number
  readonly bounds: Bounds
  /** Names of the push services that are configured. */
  readonly pushProviders: ReadonlySet<string>
  /** Makes an id for a new binding or device. */
  readonly ids: () => string
}

/** A push token that is taken from a device. */
export interface Retirement {
  readonly device: Device
  readonly push: PushTarget
  readonly reason: 'registered anew' | 'unregistered' | 'too many devices'
}

export interface Acceptance {
  readonly kind: 'accepted'
  readonly retirements: readonly Retirement[]
  /** Devices to write, after the retirements and before the bindings. */
  readonly devices: readonly Device[]
  readonly put: readonly Binding[]
  readonly removed: readonly Binding[]
  /** Those of `removed` that only gave way because the user has too many. */
  readonly evicted: readonly Binding[]
  readonly response: Final
}

/** What a REGISTER changes and how it is answered: all of it or nothing (RFC 3261 §10.3). */
export function decide(
  request: RegisterRequest,
  state: CurrentState,
  context: DecisionContext,
): Acceptance | Refusal {
  const draft = new BindingDraft(request, state, context)
  const refusal =
    request.contacts === '*' ? removeAll(request, draft) : change(request, request.contacts, draft, context)
  return refusal ?? accept(request, draft, context)
}

/** RFC 3261 §10.3 step 6. The devices stay: `*` names no push address. */
function removeAll(request: RegisterRequest, draft: BindingDraft): Refusal | undefined {
  return request.expires === 0 ? draft.removeAll() : refuse(400, 'Contact * Needs Expires 0')
}

function change(
  request: RegisterRequest,
  contacts: readonly RequestedContact[],
  draft: BindingDraft,
  context: DecisionContext,
): Refusal | undefined {
  // A query (§10.2.3): nothing is to change, not even what a lower limit would take.
  if (contacts.length === 0) return undefined
  const granted = contacts.map((contact) => grant(contact, request, context.bounds))
  const refusal = checkContacts(granted, request, context)
  if (refusal) return refusal
  // What goes, goes first: an app names its old address and its new one in one request, in any order.
  const leaving = granted.filter(({ seconds }) => seconds === 0)
  const staying = granted.filter(({ seconds }) => seconds > 0)
  for (const { contact } of leaving) {
    const failed = draft.removeContact(contact)
    if (failed) return failed
  }
  for (const contact of staying) {
    const failed = draft.putContact(contact)
    if (failed) return failed
  }
  draft.settle(leaving.map(({ contact }) => contact))
  return undefined
}

function accept(request: RegisterRequest, draft: BindingDraft, context: DecisionContext): Acceptance {
  const { devices, put, removed, evicted } = draft
  const headers = acceptedHeaders(request, draft, context)
  return {
    kind: 'accepted',
    retirements: devices.retirements,
    devices: devices.written,
    ...{ put, removed, evicted },
    response: { status: 200, headers },
  }
}
