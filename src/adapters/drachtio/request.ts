import type { Final, SipRequest, SipTransaction } from '../../ports/signaling.js'
import { headerValues } from '../../sip-text/header-values.js'
import { within } from './failure.js'
import { headerLines, toSrf } from './headers.js'
import type { Request, Response } from './srf.js'

/** The server only has to queue it. */
const SEND_MS = 5_000

export function toRequest(req: Request, gateway: string): SipRequest {
  let lines: ReadonlyMap<string, readonly string[]> | undefined
  const of = (name: string): readonly string[] => {
    lines ??= headerLines(req.raw)
    return lines.get(name.toLowerCase()) ?? []
  }
  return {
    method: req.method,
    uri: req.uri,
    callId: of('call-id')[0] ?? '',
    gateway,
    source: {
      protocol: flowProtocol(req.protocol, of('via')[0] ?? ''),
      address: req.source_address,
      port: req.source_port,
    },
    header: (name) => of(name)[0],
    headers: (name) => headerValues(name, of(name)),
    body: req.body ?? '',
    contentType: of('content-type')[0],
  }
}

/**
 * drachtio-server calls a WebSocket `tcp`. What was sent over one says so in its Via (RFC 7118 §5.2), where a TCP
 * connection says TCP.
 */
function flowProtocol(told: string, via: string): string {
  if (told !== 'tcp') return told
  return /^SIP\s*\/\s*2\.0\s*\/\s*(WSS?)\s/i.exec(via)?.[1]?.toLowerCase() ?? told
}

export function toTransaction(req: Request, res: Response, gateway: string): SipTransaction {
  return { ...toRequest(req, gateway), respond: (final) => respond(res, final) }
}

/** Sends a final response; resolves when the server has it. */
export function respond(res: Response, { status, phrase, headers = [] }: Final): Promise<void> {
  return within(SEND_MS, `${status} response`, (done) =>
    res.send(status, phrase, { headers: toSrf(headers) }, (error) => done(error)),
  )
}

export interface Provisional {
  readonly status: number
  readonly phrase: string | undefined
  readonly headers: Record<string, string>
  readonly sdp: string | undefined
  /** Called when its PRACK came, where it is a reliable one. */
  readonly acknowledged?: () => void
}

/** Sends a provisional response; resolves when the server has it. */
export function provisional(
  res: Response,
  { status, phrase, headers, sdp, acknowledged }: Provisional,
): Promise<void> {
  const options = sdp === undefined ? { headers } : { headers, body: sdp }
  return within(SEND_MS, `${status} response`, (done) =>
    res.send(status, phrase, options, (error) => done(error), acknowledged),
  )
}
