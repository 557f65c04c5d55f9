import type { Flow as EngineFlow, SipRequest as Message } from '../../embedded/sip/index.js'
import type { Final, SipRequest, SipTransaction } from '../../ports/signaling.js'
import type { Flow } from '../../ports/store.js'
import { headerValues } from '../../sip-text/header-values.js'
import type { Line } from './line.js'

/** A request as the engine parsed it, in our words: nothing is copied. */
export class EmbeddedRequest implements SipRequest {
  constructor(
    protected readonly line: Line,
    /** What the server knows it by. */
    protected readonly id: string,
    protected readonly message: Message,
    private readonly flow: EngineFlow,
  ) {}

  get method(): string {
    return this.message.method
  }

  get uri(): string {
    return this.message.uri
  }

  get callId(): string {
    return this.message.headers.get('call-id') ?? ''
  }

  get gateway(): string {
    return this.line.name
  }

  get source(): Flow {
    const { point, remote } = this.flow
    return { protocol: point.protocol, address: remote.address, port: remote.port }
  }

  header(name: string): string | undefined {
    return this.message.headers.get(name)
  }

  headers(name: string): readonly string[] {
    return headerValues(name, this.message.headers.lineValues(name))
  }

  get body(): string {
    return this.message.body.toString('utf8')
  }

  get contentType(): string | undefined {
    return this.message.headers.get('content-type')
  }
}

export class EmbeddedTransaction extends EmbeddedRequest implements SipTransaction {
  // Async, so that what cannot be sent rejects.
  // eslint-disable-next-line @typescript-eslint/require-await
  async respond({ status, phrase, headers }: Final): Promise<void> {
    this.line.respond(this.id, status, { phrase, ...(headers && { headers }) })
  }
}
