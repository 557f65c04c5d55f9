import type { HeaderLine } from '../transaction/client-transaction.js'
import type { AppMessage, ProxySpec } from './app.js'

/** A `sip` command: a response, a request, an ACK, a CANCEL. */
export interface SipCommand {
  readonly kind: 'sip'
  readonly id: string
  readonly transactionId: string
  readonly dialogId: string
  /** Next hop that the app chose; empty for none. */
  readonly route: string
  readonly startLine: string
  readonly message: AppMessage
}

export type Command =
  | { readonly kind: 'authenticate'; readonly id: string; readonly secret: string }
  | { readonly kind: 'ping'; readonly id: string }
  | { readonly kind: 'route'; readonly id: string; readonly verb: string }
  | { readonly kind: 'remove_route'; readonly id: string; readonly verb: string }
  | SipCommand
  | { readonly kind: 'proxy'; readonly id: string; readonly spec: ProxySpec; readonly message: AppMessage }
  | { readonly kind: 'invalid'; readonly id: string; readonly reason: string }

/** Reads one frame. Never throws: what makes no sense is an `invalid` command. */
export function parseCommand(frame: string): Command {
  const lineEnd = frame.indexOf('\r\n')
  const tokens = (lineEnd < 0 ? frame : frame.slice(0, lineEnd)).split('|')
  const [id = '', kind = '', first = '', second = '', third = ''] = tokens
  const text = lineEnd < 0 ? '' : frame.slice(lineEnd + 2)
  switch (kind) {
    case 'authenticate':
      return { kind, id, secret: first }
    case 'ping':
      return { kind, id }
    case 'route':
    case 'remove_route':
      return { kind, id, verb: first.toLowerCase() }
    case 'sip':
      return {
        kind,
        id,
        transactionId: first,
        dialogId: second,
        route: third,
        ...parseAppMessage(text),
      }
    case 'proxy':
      return tokens.length < 10
        ? { kind: 'invalid', id, reason: 'Invalid proxy request: not enough information provided' }
        : { kind, id, spec: proxySpec(tokens), message: parseAppMessage(text).message }
    default:
      return { kind: 'invalid', id, reason: 'Unknown message type' }
  }
}

function proxySpec(tokens: readonly string[]): ProxySpec {
  return {
    transactionId: tokens[2] ?? '',
    recordRoute: tokens[3] === 'remainInDialog',
    fullResponse: tokens[4] === 'fullResponse',
    followRedirects: tokens[5] === 'followRedirects',
    simultaneous: tokens[6] === 'simultaneous',
    provisionalTimeout: milliseconds(tokens[7] ?? ''),
    finalTimeout: milliseconds(tokens[8] ?? ''),
    targets: tokens.slice(9).filter((target) => target !== ''),
  }
}

/** `2s` or `1500ms`. */
function milliseconds(text: string): number | undefined {
  const match = /^([0-9]{1,9})(ms|s)$/.exec(text.trim())
  return match ? Number(match[1]) * (match[2] === 's' ? 1000 : 1) : undefined
}

/** Start line, header lines, and after the empty line the body. Lines that are no header are left out. */
function parseAppMessage(text: string): Pick<SipCommand, 'startLine' | 'message'> {
  const headEnd = text.indexOf('\r\n\r\n')
  const head = headEnd < 0 ? text : text.slice(0, headEnd)
  const body = headEnd < 0 ? Buffer.alloc(0) : Buffer.from(text.slice(headEnd + 4), 'utf8')
  // A continuation line belongs to the one above it.
  const [startLine = '', ...rest] = head.replace(/\r\n[ \t]+/g, ' ').split(/[\r\n]+/)
  const lines: HeaderLine[] = []
  for (const line of rest) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0)).trim()
    if (/^[A-Za-z0-9\-.!%*_+`'~]+$/.test(name)) lines.push([name, line.slice(colon + 1).trim()])
  }
  return { startLine: startLine.trim(), message: { lines, body } }
}
