import { DTLS_1_2 } from './records.js'
import { Alert, DtlsError, number, Reader, vector } from './wire.js'

/** What every WebRTC endpoint has to have (RFC 8827 §6.5): the one suite, curve and SRTP profile that is spoken here. */
const ECDHE_ECDSA_AES128_GCM_SHA256 = 0xc02b
const P256 = 23
const ECDSA_P256_SHA256 = 0x0403
const SRTP_AES128_CM_HMAC_SHA1_80 = 0x0001
/** Stands for an empty renegotiation_info (RFC 5746 §3.3). */
const RENEGOTIATION_SCSV = 0x00ff

const Extension = {
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  useSrtp: 14,
  extendedMasterSecret: 23,
  supportedVersions: 43,
  renegotiationInfo: 0xff01,
} as const

export interface ClientHello {
  random: Buffer
  extensions: ReadonlyMap<number, Buffer>
  suites: readonly number[]
}

/** @throws DtlsError decode_error */
export function parseClientHello(body: Buffer): ClientHello {
  const reader = new Reader(body)
  const version = reader.number(2)
  const random = reader.take(32)
  reader.vector(1) // session id: no session is resumed here
  reader.vector(1) // cookie: the path was proven by ICE
  const suites = reader.numbers(2, 2)
  const compression = reader.numbers(1, 1)
  const extensions = new Map<number, Buffer>()
  const list = new Reader(reader.left > 0 ? reader.vector(2) : new Uint8Array())
  reader.end()
  while (list.left > 0) extensions.set(list.number(2), list.vector(2))
  if (!compression.includes(0)) throw new DtlsError(Alert.illegalParameter, 'no null compression')
  const versions = extensions.get(Extension.supportedVersions)
  const offered = versions ? new Reader(versions).numbers(1, 2) : [version]
  if (!offered.includes(DTLS_1_2)) throw new DtlsError(Alert.protocolVersion, 'no DTLS 1.2')
  return { random, extensions, suites }
}

/**
 * @throws DtlsError handshake_failure where the client lacks something: without extended master secret the keys could
 *   be shared with another session (RFC 7627), and without use_srtp they would be for nothing; and where it believes to
 *   renegotiate
 */
export function requireCommon({ suites, extensions }: ClientHello): void {
  const lacks = (what: string) => new DtlsError(Alert.handshakeFailure, `the peer has no ${what}`)
  const list = (type: number) => {
    const extension = extensions.get(type)
    return extension === undefined ? [] : new Reader(extension).numbers(2, 2)
  }
  if (!suites.includes(ECDHE_ECDSA_AES128_GCM_SHA256)) throw lacks('ECDHE-ECDSA-AES128-GCM-SHA256')
  if (!list(Extension.supportedGroups).includes(P256)) throw lacks('P-256')
  if (!list(Extension.signatureAlgorithms).includes(ECDSA_P256_SHA256)) throw lacks('ECDSA with SHA-256')
  if (!list(Extension.useSrtp).includes(SRTP_AES128_CM_HMAC_SHA1_80))
    throw lacks('SRTP_AES128_CM_HMAC_SHA1_80')
  if (!extensions.has(Extension.extendedMasterSecret)) throw lacks('extended master secret')
  if (isRenegotiation(extensions)) {
    throw new DtlsError(Alert.handshakeFailure, 'the peer goes on with a session that is not ours')
  }
}

/** In a first hello the extension holds nothing (RFC 5746 §3.6). */
function isRenegotiation(extensions: ClientHello['extensions']): boolean {
  const extension = extensions.get(Extension.renegotiationInfo)
  return extension !== undefined && !extension.equals(vector(1))
}

export function serverHello({ extensions, suites }: ClientHello, random: Uint8Array): Buffer {
  const answers = [
    extension(Extension.extendedMasterSecret),
    extension(
      Extension.useSrtp,
      vector(2, number(2, SRTP_AES128_CM_HMAC_SHA1_80)),
      vector(1), // no MKI
    ),
  ]
  if (extensions.has(Extension.renegotiationInfo) || suites.includes(RENEGOTIATION_SCSV)) {
    answers.push(extension(Extension.renegotiationInfo, vector(1)))
  }
  if (extensions.has(Extension.pointFormats)) {
    answers.push(extension(Extension.pointFormats, vector(1, number(1, 0))))
  }
  return Buffer.concat([
    number(2, DTLS_1_2),
    random,
    vector(1),
    number(2, ECDHE_ECDSA_AES128_GCM_SHA256),
    number(1, 0),
    vector(2, ...answers),
  ])
}

function extension(type: number, ...content: Buffer[]): Buffer {
  return Buffer.concat([number(2, type), vector(2, ...content)])
}

/** Our share of the key exchange, as it is signed (RFC 8422 §5.4). */
export function exchangeParameters(point: Uint8Array): Buffer {
  return Buffer.concat([number(1, 3), number(2, P256), vector(1, point)])
}

export function serverKeyExchange(parameters: Uint8Array, signature: Uint8Array): Buffer {
  return Buffer.concat([parameters, number(2, ECDSA_P256_SHA256), vector(2, signature)])
}

export function parseClientKeyExchange(body: Buffer): Buffer {
  const reader = new Reader(body)
  const point = reader.vector(1)
  reader.end()
  return point
}

export function certificateMessage(der: Uint8Array): Buffer {
  return vector(3, vector(3, der))
}

/** The peer's own certificate, the first of the list. @throws DtlsError where there is none */
export function parseCertificate(body: Buffer): Buffer {
  const list = new Reader(new Reader(body).vector(3))
  if (list.left === 0) throw new DtlsError(Alert.badCertificate, 'the peer shows no certificate')
  return list.vector(3)
}
