import { createECDH, randomBytes, sign, timingSafeEqual, type ECDH } from 'node:crypto'
import { isNamed, type Identity } from './certificate.js'
import {
  changeCipherSpec,
  closeNotify,
  FATAL,
  fatalAlert,
  handshake,
  RecordWriter,
  type Outgoing,
} from './flight.js'
import {
  certificateMessage,
  exchangeParameters,
  parseCertificate,
  parseClientHello,
  parseClientKeyExchange,
  requireCommon,
  serverHello,
  serverKeyExchange,
} from './hello.js'
import {
  extendedMasterSecret,
  finishedData,
  recordKeys,
  srtpKeys,
  type Randoms,
  type SrtpKeys,
} from './keys.js'
import { encodeMessage, HandshakeType, Reassembly, type ReceivedMessage } from './messages.js'
import { open, type WriteKeys } from './protection.js'
import { ContentType, parseRecords, type DtlsRecord } from './records.js'
import { Retransmission, type FlightContext } from './retransmission.js'
import { certificateRequest, verifyPossession } from './signature.js'
import { Alert, DtlsError } from './wire.js'

export interface DtlsContext extends FlightContext {
  identity: Identity
  /** What the peer's certificate must be, as in `a=fingerprint:`. */
  fingerprints: readonly string[]
  /** Once, where the peer has proven who it is. */
  connected(keys: { ours: SrtpKeys; theirs: SrtpKeys }): void
  /** Once, after `connected`: the peer has ended the session. */
  left(): void
  /** Once, instead of `connected`. */
  failed(error: Error): void
}

/**
 * The server's side of one DTLS 1.2 handshake, whose one purpose are keys for SRTP (RFC 5764). The client is not sent
 * away for a cookie (RFC 6347 §4.2.1 leaves that open): right checks of ICE have come from its address. That proves
 * the address, not the sender of each datagram: who can write that address as his own can make us repeat ourselves to
 * it, so repetitions are counted.
 *
 *   hello --ClientHello--> certificate --Certificate--> key-exchange --ClientKeyExchange--> verify
 *   verify --CertificateVerify, right--> finished --Finished, right--> connected
 *   any before connected --what is wrong, a sealed alert, no answer, close()--> over
 *   connected --close_notify or a fatal alert, sealed; close()--> over
 */
type Step = 'hello' | 'certificate' | 'key-exchange' | 'verify' | 'finished' | 'connected' | 'over'

export class DtlsServer {
  readonly #context: DtlsContext
  readonly #writer = new RecordWriter()
  readonly #flights: Retransmission
  readonly #reassembly = new Reassembly()
  readonly #ecdh: ECDH = createECDH('prime256v1')
  readonly #random = randomBytes(32)
  #step: Step = 'hello'
  #transcript: Buffer[] = []
  #sent = 0
  #clientRandom: Buffer = Buffer.alloc(0)
  #certificate: Buffer = Buffer.alloc(0)
  #master: Buffer = Buffer.alloc(0)
  #readKeys: WriteKeys | undefined

  constructor(context: DtlsContext) {
    this.#context = context
    this.#flights = new Retransmission(context, this.#writer)
  }

  /** Whether nothing comes of it any more. */
  get over(): boolean {
    return this.#step === 'over'
  }

  get timers(): number {
    return this.#flights.timers
  }

  /** Takes a datagram that came by the proven path. Never throws. */
  receive(datagram: Buffer): void {
    try {
      let repeated = false
      for (const record of parseRecords(datagram)) repeated = this.#receive(record) || repeated
      if (repeated) this.#flights.repeat()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Nothing more is sent, nobody is told. */
  close(): void {
    this.#step = 'over'
    this.#flights.stop()
  }

  /** @returns whether the peer sent something again: it has not heard us */
  #receive(sealed: DtlsRecord): boolean {
    if (this.#step === 'over') return false
    const record = this.#opened(sealed)
    if (!record) return false
    switch (record.type) {
      case ContentType.handshake: {
        // Beyond the handshake only its last flight is of interest, where ours to it got lost.
        if (this.#step === 'connected') return record.epoch === 1
        const { messages, repeated } = this.#reassembly.receive(record.fragment, record.epoch)
        for (const message of messages) this.#take(message)
        return repeated
      }
      case ContentType.alert:
        this.#heed(record)
        return false
      default:
        // ChangeCipherSpec says nothing that the epoch does not say, and no data is exchanged.
        return false
    }
  }

  /** Who repeats a sealed record at us changes nothing: no window against replays is needed. */
  #opened(record: DtlsRecord): DtlsRecord | undefined {
    if (record.epoch === 0) return record
    return record.epoch === 1 && this.#readKeys ? open(record, this.#readKeys) : undefined
  }

  /** An alert in the clear may be anybody's: it is dropped (RFC 6347 §4.1.2.7), and what is unanswered ends by itself. */
  #heed({ epoch, fragment }: DtlsRecord): void {
    const [level, alert] = fragment
    const closes = alert === Alert.closeNotify
    if (epoch === 0 || !(closes || level === FATAL)) return
    if (this.#step !== 'connected') {
      return this.#end(new Error(`the peer ended the handshake with alert ${alert}`))
    }
    if (closes) this.#tell(closeNotify)
    this.close()
    this.#context.left()
  }

  #take(message: ReceivedMessage): void {
    const before = Buffer.concat(this.#transcript)
    this.#transcript.push(encodeMessage(message))
    const { body } = message
    switch (this.#expecting(message)) {
      case HandshakeType.clientHello:
        return this.#greet(body)
      case HandshakeType.certificate:
        this.#certificate = parseCertificate(body)
        if (!isNamed(this.#certificate, this.#context.fingerprints)) {
          throw new DtlsError(Alert.badCertificate, 'the certificate is not the one of the description')
        }
        this.#step = 'key-exchange'
        return
      case HandshakeType.clientKeyExchange:
        return this.#agree(body)
      case HandshakeType.certificateVerify:
        verifyPossession(this.#certificate, body, before)
        this.#step = 'finished'
        return
      default:
        return this.#finish(body, before)
    }
  }

  /** @throws DtlsError unexpected_message for a message out of its turn, or one of the last that is not sealed */
  #expecting({ type, epoch }: ReceivedMessage): number {
    const turns: Partial<Record<Step, number>> = {
      hello: HandshakeType.clientHello,
      certificate: HandshakeType.certificate,
      'key-exchange': HandshakeType.clientKeyExchange,
      verify: HandshakeType.certificateVerify,
      finished: HandshakeType.finished,
    }
    if (turns[this.#step] !== type || (type === HandshakeType.finished) !== (epoch === 1)) {
      throw new DtlsError(Alert.unexpectedMessage, `message ${type} at ${this.#step}`)
    }
    return type
  }

  #greet(body: Buffer): void {
    const hello = parseClientHello(body)
    requireCommon(hello)
    this.#clientRandom = hello.random
    const parameters = exchangeParameters(this.#ecdh.generateKeys())
    const { certificate, key } = this.#context.identity
    const signed = sign('sha256', Buffer.concat([hello.random, this.#random, parameters]), key)
    const flight = [
      this.#message(HandshakeType.serverHello, serverHello(hello, this.#random)),
      this.#message(HandshakeType.certificate, certificateMessage(certificate)),
      this.#message(HandshakeType.serverKeyExchange, serverKeyExchange(parameters, signed)),
      this.#message(HandshakeType.certificateRequest, certificateRequest()),
      this.#message(HandshakeType.serverHelloDone, Buffer.alloc(0)),
    ]
    this.#step = 'certificate'
    this.#flights.sendUntilAnswered(flight, () => this.#end(new Error('the peer does not answer')))
  }

  #agree(body: Buffer): void {
    this.#master = extendedMasterSecret(this.#shared(body), Buffer.concat(this.#transcript))
    const keys = recordKeys(this.#master, this.#randoms)
    this.#readKeys = keys.client
    this.#writer.useKeys(keys.server)
    this.#step = 'verify'
  }

  #shared(body: Buffer): Buffer {
    const point = parseClientKeyExchange(body)
    try {
      return this.#ecdh.computeSecret(point)
    } catch {
      throw new DtlsError(Alert.illegalParameter, "the peer's key is no point of the curve")
    }
  }

  #finish(body: Buffer, before: Buffer): void {
    const expected = finishedData(this.#master, 'client', before)
    if (body.length !== expected.length || !timingSafeEqual(body, expected)) {
      throw new DtlsError(Alert.decryptError, 'the handshake was tampered with')
    }
    const ours = finishedData(this.#master, 'server', Buffer.concat(this.#transcript))
    this.#step = 'connected'
    this.#flights.sendLast([changeCipherSpec, this.#message(HandshakeType.finished, ours, 1)])
    const keys = srtpKeys(this.#master, this.#randoms)
    this.#transcript = []
    this.#context.connected({ ours: keys.server, theirs: keys.client })
  }

  get #randoms(): Randoms {
    return { client: this.#clientRandom, server: this.#random }
  }

  #message(type: number, body: Buffer, epoch: 0 | 1 = 0): Outgoing {
    const message = { type, sequence: this.#sent++, body }
    this.#transcript.push(encodeMessage(message))
    return handshake(message, epoch)
  }

  #fail(cause: unknown): void {
    // After the handshake there is nothing that could fail.
    if (this.#step === 'over' || this.#step === 'connected') return
    const alert = cause instanceof DtlsError ? cause.alert : Alert.internalError
    // While the client is not sure of the keys, it is told in the clear.
    this.#tell(fatalAlert(alert, 0))
    this.#end(cause instanceof Error ? cause : new Error(String(cause)))
  }

  #tell(alert: Outgoing): void {
    for (const datagram of this.#writer.datagrams([alert])) this.#context.send(datagram)
  }

  #end(error: Error): void {
    this.close()
    this.#context.failed(error)
  }
}
