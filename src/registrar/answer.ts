import { inSeconds } from './expiry.js'
import { isConnection } from './flow.js'
import { advertisedProviders } from './push-providers.js'
import { quote } from '../sip-text/scan.js'
import type { DecisionContext } from './decision.js'
import type { RegisterRequest } from './request.js'
import type { Headers } from '../ports/signaling.js'
import type { Binding } from '../ports/store.js'

/** Headers of the 200 (RFC 3261 §10.3 step 8): every binding that the user has now. */
export function acceptedHeaders(
  request: RegisterRequest,
  bindings: { readonly current: readonly Binding[]; readonly put: readonly Binding[] },
  context: DecisionContext,
): Headers {
  const { now, bounds, pushProviders } = context
  const left = (binding: Binding) => Math.ceil((binding.expiresAt - now) / 1_000_000)
  return [
    ...bindings.current.map((binding) =>
      header('Contact', `${binding.contactHeader};expires=${left(binding)}`),
    ),
    ...advertisedProviders(request, pushProviders).map((name) =>
      header('Feature-Caps', `*;+sip.pns=${quote(name)}`),
    ),
    ...(isOutbound(request, bindings.put)
      ? [header('Require', 'outbound'), header('Flow-Timer', String(inSeconds(bounds.flowTimer)))]
      : []),
    header('Date', new Date(now / 1000).toUTCString()),
  ]
}

/**
 * RFC 5626 §6: told where it was used. Not over UDP, where a user agent would then send STUN to keep the flow
 * (§3.5.2), and take the missing answer for a dead flow.
 */
function isOutbound(request: RegisterRequest, put: readonly Binding[]): boolean {
  return request.outbound && isConnection(request.source) && put.some((binding) => binding.regId !== null)
}

function header(name: string, value: string): readonly [string, string] {
  return [name, value]
}
