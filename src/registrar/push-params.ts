import { hasControls, percentDecode } from '../sip-text/scan.js'
import type { PushTarget } from '../ports/push.js'
import type { SipUri } from '../sip-text/uri.js'

/** What a Contact URI asks of push (RFC 8599 §4.1). */
export type PushRequest =
  | { readonly kind: 'none' }
  /** `pn-provider` without a value: which services are there? (§5.6.1.2) */
  | { readonly kind: 'query-all' }
  /** `pn-provider` without `pn-prid`: is this service there? */
  | { readonly kind: 'query'; readonly provider: string }
  | { readonly kind: 'target'; readonly target: PushTarget }
  /** `why` says which parameter, in words for the reason phrase. */
  | { readonly kind: 'malformed'; readonly why: string }

const NAMES = ['pn-provider', 'pn-prid', 'pn-param'] as const
type Name = (typeof NAMES)[number]

/** No push service has tokens near this long. */
const LONGEST = 2048

export function isPushParam(name: string): boolean {
  return (NAMES as readonly string[]).includes(name)
}

/** Reads the pn-* parameters of a Contact URI, percent escapes undone. */
export function readPushParams(uri: SipUri): PushRequest {
  const found = new Map<Name, string>()
  for (const name of NAMES) {
    const given = uri.params.filter((param) => param.name === name)
    if (given.length > 1) return { kind: 'malformed', why: `${name} given twice` }
    if (!given[0]) continue
    const value = percentDecode(given[0].value ?? '')
    if (value === undefined || hasControls(value) || /\s/.test(value) || value.length > LONGEST) {
      return { kind: 'malformed', why: `Malformed ${name}` }
    }
    found.set(name, value)
  }
  return interpret(found.get('pn-provider'), found.get('pn-prid'), found.get('pn-param'))
}

function interpret(
  provider: string | undefined,
  token: string | undefined,
  param: string | undefined,
): PushRequest {
  if (provider === undefined) {
    return token === undefined ? { kind: 'none' } : { kind: 'malformed', why: 'pn-prid without pn-provider' }
  }
  if (token === undefined) return provider === '' ? { kind: 'query-all' } : { kind: 'query', provider }
  if (provider === '') return { kind: 'malformed', why: 'pn-prid without pn-provider' }
  if (token === '') return { kind: 'malformed', why: 'Empty pn-prid' }
  return { kind: 'target', target: param ? { provider, token, param } : { provider, token } }
}

/** Equal keys are one push address (RFC 8599 §5.3). */
export function pushKey(target: PushTarget): string {
  return JSON.stringify([target.provider, target.token, target.param ?? null])
}

/** A push address for the log: a token lets its holder ring the phone, so only its end is shown. */
export function describePush(target: PushTarget): string {
  return `${target.provider}:…${target.token.slice(-6)}`
}
