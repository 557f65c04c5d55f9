import type { ColumnType, GeneratedAlways } from 'kysely'
import type { Ending, EndingCause } from '../../call/ending.js'
import type { InvitationPhase } from '../../ports/invitations.js'
import type { PresenceState } from '../../ports/presence.js'
import type { ForwardingState, InstructedBy, PrimaryCallRecord } from '../../ports/primary-calls.js'

/** Microseconds since the epoch; `bigint` in the database, parsed as a number by the pool. */
type Micros = number
/** Written as JSON text, read as the value. */
type Json<T> = ColumnType<T, string, string>

export interface DeviceRow {
  id: string
  user_name: string
  instance: string | null
  push_provider: string | null
  push_token: string | null
  push_param: string | null
  calls_in: boolean
  created_at: Micros
  seen_at: Micros
  retired_at: Micros | null
  retired_reason: string | null
  region: string | null
}

export interface BindingRow {
  id: string
  user_name: string
  device_id: string | null
  instance: string | null
  reg_id: number | null
  uri: string
  flow: string
  call_id: string
  cseq: number
  gateway: string
  region: string | null
  source_protocol: string
  source_address: string
  source_port: number
  q: number
  user_agent: string | null
  contact_header: string
  registered_at: Micros
  expires_at: Micros
}

export interface CallTable {
  id: string
  started_at: Micros
  answered_at: Micros | null
  ended_at: Micros | null
  trunk: string | null
  /** Name of the client that called. */
  client: string | null
  caller: string
  callee: string
  user_name: string | null
  ending: Json<Ending | null>
  /** Id of the node that has the call. */
  node: string | null
}

export interface CallLogTable {
  call_id: string
  /** `seq` of the first event. */
  first: number
  events: Json<readonly LoggedEvent[]>
}

/** One event within a row; by `seq`. */
export interface LoggedEvent {
  readonly seq: number
  readonly at: Micros
  readonly type: string
  readonly data: Readonly<Record<string, unknown>> | null
}

export interface NodeTable {
  id: string
  name: string | null
  started_at: Micros
  seen_at: Micros
  steady_since: Micros
}

export interface SecretTable {
  name: string
  value: string
}

export interface TokenUseTable {
  jti: string
  purpose: string
  holder: string | null
  expires_at: Micros
}

export interface RevocationTable {
  kind: 'token' | 'client'
  name: string
  at: Micros
  written_at: Micros
}

/** Keys are made by the database. */
export interface ClientQueueTable {
  id: GeneratedAlways<number>
  client: string
  device: string
  user_name: string | null
  last: number
  acked: number
  lost: number
  channel: string | null
  channels: number
  node: string | null
  seen_at: Micros
}

export interface ClientMessageTable {
  queue: number
  seq: number
  expires_at: Micros
  size: number
  body: string
}

export interface InvitationTable {
  id: string
  version: number
  client: string
  phase: InvitationPhase
  expires_at: Micros
  /** JSON as text. */
  data: string
}

export interface ForwardingTable {
  subscriber: string
  did: string
  state: ForwardingState
  since: Micros
  detail: string | null
}

export interface PrimaryCallTable {
  id: string
  subscriber: string
  caller: string | null
  device: string | null
  test: boolean
  ringing_since: Micros
  reported_at: Micros
  instructed_at: Micros | null
  instructed_by: InstructedBy | null
  acknowledged_at: Micros | null
  phone: PrimaryCallRecord['phone']
  phone_at: Micros | null
  forwarded_at: Micros | null
  ended_at: Micros | null
  cause: EndingCause | null
}

export interface PresenceTable {
  user_name: string
  version: number
  state: PresenceState | null
  note: string | null
  since: Micros
  expires_at: Micros | null
  present_until: Micros | null
  calls: string[]
}

export interface Tables {
  devices: DeviceRow
  bindings: BindingRow
  calls: CallTable
  call_logs: CallLogTable
  nodes: NodeTable
  secrets: SecretTable
  token_uses: TokenUseTable
  token_revocations: RevocationTable
  client_queues: ClientQueueTable
  client_messages: ClientMessageTable
  invitations: InvitationTable
  forwardings: ForwardingTable
  primary_calls: PrimaryCallTable
  presence: PresenceTable
}
