import { parseUri } from '../sip-text/uri.js'
import type { Trunk } from './table.js'

/** A destination outside, and the trunk that leads there. */
export interface Outside {
  readonly uri: string
  readonly trunk: string
}

/**
 * A number, as a call through the trunk goes to it: a number has no host of its own. Undefined where the trunk has no
 * proxy.
 */
export function outsideNumber(trunk: Trunk | undefined, number: string): Outside | undefined {
  const proxy = parseUri(trunk?.proxy ?? '')
  if (trunk === undefined || proxy?.kind !== 'sip') return undefined
  const { scheme, host, port } = proxy
  const user = encodeURIComponent(number).replace('%2B', '+')
  return {
    uri: `${scheme}:${user}@${host}${port === undefined ? '' : `:${port}`}`,
    trunk: trunk.name,
  }
}
