import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

function path(name: string): string {
  return fileURLToPath(new URL(`./tls/${name}.pem`, import.meta.url))
}

/** Files of the certificate that SIP servers and peers show in tests. */
export const sipIdentity = { cert: path('cert'), key: path('key') }

/** File of the CA that signed it. */
export const sipCa = path('ca')

/** The text of the same files. */
export const sipPem = {
  cert: readFileSync(sipIdentity.cert, 'utf8'),
  key: readFileSync(sipIdentity.key, 'utf8'),
  ca: readFileSync(sipCa, 'utf8'),
}
