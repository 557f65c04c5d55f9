import { constants, verify, X509Certificate } from 'node:crypto'
import { Alert, DtlsError, number, Reader, vector } from './wire.js'

/** How a peer may sign (RFC 8446 §4.2.3): ECDSA, as browsers do, and RSA, as they can be told to. */
const SCHEMES = new Map<number, { hash: string; key: 'ec' | 'rsa'; pss?: true }>([
  [0x0403, { hash: 'sha256', key: 'ec' }],
  [0x0503, { hash: 'sha384', key: 'ec' }],
  [0x0804, { hash: 'sha256', key: 'rsa', pss: true }],
  [0x0401, { hash: 'sha256', key: 'rsa' }],
])
const ECDSA_SIGN = 64
const RSA_SIGN = 1

/** Asks for a certificate, of anybody (RFC 5246 §7.4.4). */
export function certificateRequest(): Buffer {
  const types = vector(1, number(1, ECDSA_SIGN), number(1, RSA_SIGN))
  const schemes = vector(2, ...[...SCHEMES.keys()].map((scheme) => number(2, scheme)))
  return Buffer.concat([types, schemes, vector(2)])
}

/**
 * Checks that the peer has the key of the certificate that it showed, by its signature of the handshake so far. The
 * certificate alone proves nothing: it passes in the clear, for all to copy.
 * @throws DtlsError decrypt_error, bad_certificate, illegal_parameter
 */
export function verifyPossession(certificate: Uint8Array, body: Buffer, transcript: Uint8Array): void {
  const reader = new Reader(body)
  const scheme = SCHEMES.get(reader.number(2))
  const signature = reader.vector(2)
  reader.end()
  const key = publicKeyOf(certificate)
  if (scheme === undefined || key.asymmetricKeyType !== scheme.key) {
    throw new DtlsError(Alert.illegalParameter, 'a signature of another kind than was asked for')
  }
  const padding = scheme.pss
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {}
  if (!verify(scheme.hash, transcript, { key, ...padding }, signature)) {
    throw new DtlsError(Alert.decryptError, 'the peer does not have the key of its certificate')
  }
}

function publicKeyOf(certificate: Uint8Array) {
  try {
    return new X509Certificate(certificate).publicKey
  } catch (cause) {
    throw new DtlsError(
      Alert.badCertificate,
      `a certificate that cannot be read: ${(cause as Error).message}`,
    )
  }
}
