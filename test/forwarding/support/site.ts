import { parseConfig } from '../../../src/config/index.js'
import { forwardedInvite, type TrunkRules } from '../../../src/forwarding/forwarded-invite.js'
import { match, type Match } from '../../../src/forwarding/matching.js'
import { type SubscriberTable, subscriberTable } from '../../../src/forwarding/subscribers.js'
import type { OpenPrimaryCall } from '../../../src/ports/primary-calls.js'

export const CELL = '+12025550142'
export const OTHER_CELL = '+12025550145'
export const DID = '+12025550199'
export const CALLER = '+12125550101'

/** Ada's cell phone at a DID of its own; `more` is further lines of the configuration. */
export function configOf(subscribers: string, more = ''): ReturnType<typeof parseConfig> {
  const text = `
users: {ada: {}, ben: {}, cleo: {}}
trunks: {carrier: {match: [127.0.0.1], trusted: true, proxy: 'sip:10.0.0.1'}}
subscribers:
${subscribers}
${more}`
  return parseConfig(text, 'r.yaml', {})
}

/** A line of the configuration. */
export function line(number: string, more = ''): string {
  return `  '${number}': {user: ada, did: '${DID}', secondaries: [{user: ben}, {number: '+12025550143', trunk: carrier}]${more}}`
}

export function tableOf(...lines: readonly string[]): SubscriberTable {
  return subscriberTable(configOf(lines.join('\n')))
}

let serial = 0
export function openCall(settings: Partial<OpenPrimaryCall> = {}): OpenPrimaryCall {
  serial += 1
  return {
    ...{ id: `call-${String(serial)}`, subscriber: CELL, caller: CALLER, reportedAt: serial },
    ...{ instructedAt: serial, forwarded: false, test: false },
    ...settings,
  }
}

type Lines = readonly (readonly [name: string, value: string])[]

const TRUSTED: TrunkRules = { trusted: true, asserts: 'caller' }

/** What an INVITE with these headers is. From is the caller unless it stands among them. */
export function matched(
  table: SubscriberTable,
  open: readonly OpenPrimaryCall[],
  lines: Lines = [],
  { called = DID, trunk = TRUSTED, live = [] as readonly string[] } = {},
): Match {
  const all: Lines = lines.some(([name]) => name === 'from')
    ? lines
    : [['from', `<sip:${CALLER}@carrier.example>;tag=1`], ...lines]
  const headers = (name: string): readonly string[] =>
    all.filter(([each]) => each === name).map(([, value]) => value)
  const request = { callId: 'carrier-1', headers, header: (name: string) => headers(name)[0] }
  return match(
    forwardedInvite(request, called, trunk, (id) => live.includes(id)),
    open,
    table,
  )
}

export function from(uri: string): readonly [string, string] {
  return ['from', `<${uri}>;tag=1`]
}

export function diversion(number: string): readonly [string, string] {
  return ['diversion', `<sip:${number}@carrier.example>;reason=user-busy;counter=1`]
}
