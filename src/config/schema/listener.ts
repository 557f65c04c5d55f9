import { z } from 'zod'
import { file } from './files.js'
import type { Files } from './files.js'
import { address, matching, oneOf, port } from './leaf.js'
import { finished } from './section.js'
import type { Complain } from './section.js'

interface Place {
  readonly host: string
  readonly port: number
}

interface Certificate {
  readonly certFile: string
  readonly keyFile: string
}

/** Where the embedded SIP server listens, and what that transport needs. */
export type Listener = Place &
  (
    | { readonly protocol: 'udp' | 'tcp' }
    | (Certificate & { readonly protocol: 'tls'; readonly caFile?: string })
    | { readonly protocol: 'ws'; readonly origins?: readonly string[] }
    | (Certificate & { readonly protocol: 'wss'; readonly origins?: readonly string[] })
  )

/** What an entry of the file holds, of whatever protocol. */
interface Entry {
  readonly protocol: Listener['protocol']
  readonly host: string
  readonly port?: number
  readonly certFile?: string
  readonly keyFile?: string
  readonly caFile?: string
  readonly origins?: readonly string[]
}

const origin = matching(/^https?:\/\/[^\s/]+$/, 'an origin such as https://phone.example.com')

export function listener(files: Files) {
  return finished(
    {
      protocol: oneOf('udp', 'tcp', 'tls', 'ws', 'wss'),
      host: address().prefault('127.0.0.1').describe('The address to listen on; 0.0.0.0 for all.'),
      port: port().optional().describe('5060, with tls 5061; required with ws and wss. 0: a free port.'),
      'cert-file': file(files).optional().describe('tls, wss: PEM of the certificate and its chain.'),
      'key-file': file(files).optional().describe('tls, wss: PEM of its private key.'),
      'ca-file': file(files)
        .optional()
        .describe(
          'tls: PEM of the CAs that servers we connect to are verified by; otherwise the well-known.',
        ),
      origins: z
        .array(origin)
        .optional()
        .describe('ws, wss: the web pages that may connect; otherwise all may.'),
    },
    toListener,
  )
}

/** What a listener says that is complained about has no use afterwards. */
function toListener(entry: Entry, complain: Complain): Listener {
  const { protocol, host, port = protocol === 'tls' ? 5061 : 5060, caFile, origins } = entry
  for (const key of strangers(entry)) complain(`is of no use with protocol ${protocol}`, key)
  if (entry.port === undefined && (protocol === 'ws' || protocol === 'wss')) {
    complain(`port is required with protocol ${protocol}`)
  }
  switch (protocol) {
    case 'udp':
    case 'tcp':
      return { protocol, host, port }
    case 'tls':
      return {
        protocol,
        host,
        port,
        ...certificate(entry, complain),
        ...(caFile !== undefined && { caFile }),
      }
    case 'ws':
      return { protocol, host, port, ...(origins && { origins }) }
    case 'wss':
      return { protocol, host, port, ...certificate(entry, complain), ...(origins && { origins }) }
    default:
      return protocol satisfies never
  }
}

function certificate(entry: Entry, complain: Complain): Certificate {
  const { certFile = '', keyFile = '', protocol } = entry
  if (certFile === '') complain(`cert-file is required with protocol ${protocol}`)
  if (keyFile === '') complain(`key-file is required with protocol ${protocol}`)
  return { certFile, keyFile }
}

function strangers(entry: Entry): string[] {
  const secure = entry.protocol === 'tls' || entry.protocol === 'wss'
  const webSocket = entry.protocol === 'ws' || entry.protocol === 'wss'
  return [
    ...(entry.certFile !== undefined && !secure ? ['cert-file'] : []),
    ...(entry.keyFile !== undefined && !secure ? ['key-file'] : []),
    ...(entry.caFile !== undefined && entry.protocol !== 'tls' ? ['ca-file'] : []),
    ...(entry.origins !== undefined && !webSocket ? ['origins'] : []),
  ]
}

/** Whether two listeners cannot be open at once: everything but UDP shares the ports of TCP. */
export function collide(one: Listener, other: Listener): boolean {
  const sameKind = (one.protocol === 'udp') === (other.protocol === 'udp')
  return sameKind && one.host === other.host && one.port === other.port && one.port !== 0
}
