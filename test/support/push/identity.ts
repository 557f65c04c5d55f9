import { readFileSync } from 'node:fs'

function pem(name: string): string {
  return readFileSync(new URL(`./tls/${name}.pem`, import.meta.url), 'utf8')
}

/** The TLS identity of every push stand-in; `ca` is what a client has to trust. */
export const standInIdentity = { key: pem('key'), cert: pem('cert'), ca: pem('ca') }
