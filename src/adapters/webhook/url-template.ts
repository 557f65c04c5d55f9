import type { PushMessage } from '../../ports/push.js'

const PLACEHOLDER = /\{(token|device)\}/g

/** Where a push goes: fixed but for what the template fills into its path and query. */
export interface WebhookAddress {
  readonly protocol: 'http:' | 'https:'
  readonly hostname: string
  readonly port: string
  /** Path and query for one device; null where its token or id cannot stand in a URL. */
  path(device: PushMessage['device']): string | null
}

/**
 * Reads a URL with `{token}` and `{device}` in its path or query.
 *
 * @throws TypeError where it is no http(s) URL, or has a placeholder before the path: a device must not choose
 * the host that is asked.
 */
export function parseUrlTemplate(template: string): WebhookAddress {
  const [, origin = '', rest = ''] = /^([a-z]+:\/\/[^/?#]*)([^#]*)/i.exec(template) ?? []
  const url = new URL(origin)
  const { protocol } = url
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`"${template}" is no http(s) URL`)
  if (/[{}]/.test(origin)) throw new TypeError(`"${template}" has a placeholder before its path`)
  if (url.username !== '' || url.password !== '')
    throw new TypeError('credentials belong into the headers of a webhook, not into its URL')
  const target = rest.startsWith('/') ? rest : `/${rest}`
  if (!/^[\x21-\x7e]*$/.test(target))
    throw new TypeError(`"${template}" has characters that need URL-encoding`)
  if (/[{}]/.test(target.replace(PLACEHOLDER, '')))
    throw new TypeError(`"${template}" has a placeholder other than {token} and {device}`)
  return {
    protocol,
    // As sockets want it: an IPv6 address without its brackets.
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port,
    path: (device) => fill(target, { token: device.token, device: device.id }),
  }
}

function fill(target: string, values: { readonly token: string; readonly device: string }): string | null {
  if (isDots(values.token) || isDots(values.device)) return null
  try {
    return target.replace(PLACEHOLDER, (_, name: 'token' | 'device') => encodeURIComponent(values[name]))
  } catch {
    // A lone surrogate has no encoding.
    return null
  }
}

/** `.` and `..` are not changed by encoding, and would lead to another path (RFC 3986 §5.2.4). */
function isDots(value: string): boolean {
  return value === '' || value === '.' || value === '..'
}
