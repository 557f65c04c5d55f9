export { createIdentity, isUsableFingerprint, type Identity } from './certificate.js'
export type { SrtpKeys } from './keys.js'
export { DtlsServer, type DtlsContext } from './server.js'
