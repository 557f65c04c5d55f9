import { digestFields, digestResponse } from '../../src/demo/sip/digest.js'
import { headerOf } from './scan.js'

/** A nonce of the server's, and how often it was used (RFC 7616 §3.4). */
export interface Nonce {
  readonly realm: string
  readonly nonce: string
  readonly algorithm: 'MD5' | 'SHA-256'
  readonly qop: boolean
  readonly opaque: string | undefined
  count: number
}

/** The first challenge of a 401, which is the one that the server prefers (RFC 8760 §2.3). */
export function nonceOf(response: string): Nonce | undefined {
  const fields = digestFields(headerOf(response, 'WWW-Authenticate'))
  const [realm, nonce] = [fields.get('realm'), fields.get('nonce')]
  if (realm === undefined || nonce === undefined) return undefined
  const algorithm = fields.get('algorithm')?.toUpperCase() === 'SHA-256' ? 'SHA-256' : 'MD5'
  return { realm, nonce, algorithm, qop: fields.has('qop'), opaque: fields.get('opaque'), count: 0 }
}

/** The value of Authorization for a REGISTER. */
export function digest(nonce: Nonce, username: string, password: string, domain: string): string {
  const nc = (++nonce.count).toString(16).padStart(8, '0')
  const uri = `sip:${domain}`
  const { realm, algorithm, opaque } = nonce
  const auth = nonce.qop ? { auth: { nc, cnonce: 'bench' } } : {}
  const input = { username, password, realm, nonce: nonce.nonce, algorithm, method: 'REGISTER', uri, ...auth }
  return (
    `Digest username="${username}", realm="${realm}", nonce="${nonce.nonce}", uri="${uri}", ` +
    `algorithm=${algorithm}, response="${digestResponse(input)}"` +
    (nonce.qop ? `, qop=auth, nc=${nc}, cnonce="bench"` : '') +
    (opaque === undefined ? '' : `, opaque="${opaque}"`)
  )
}
