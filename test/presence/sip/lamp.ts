import { headerFields, mergeFields, type HeaderFields } from '../../../src/demo/sip/build.js'
import { Dialog } from '../../../src/demo/sip/dialog.js'
import { freshId, header, type SipRequest, type SipResponse } from '../../../src/demo/sip/message.js'
import type { UserAgent } from '../../../src/demo/index.js'

export interface LampOptions {
  readonly event?: string
  readonly headers?: HeaderFields
}

/** A desk phone's lamp: a subscription as a phone makes it, and the NOTIFYs that came. */
export class Lamp {
  readonly notified: SipRequest[] = []
  /** What NOTIFYs are answered with. */
  answer = 200
  #dialog: Dialog | undefined
  #read = 0
  #changed: () => void = () => undefined

  constructor(
    private readonly phone: UserAgent,
    private readonly uri: string,
    private readonly options: LampOptions = {},
  ) {}

  /** Opens the subscription. Challenges are answered where the phone has a password. */
  async subscribe(expires: number, more: HeaderFields = {}): Promise<SipResponse> {
    const [callId, tag] = [freshId(), freshId()]
    this.phone.peer.onDialog(callId, tag, (transaction) => {
      transaction.respond(this.answer)
      this.notified.push(transaction.request)
      this.#changed()
    })
    let sequence = 0
    let sent: SipRequest | undefined
    const build = (authorization: HeaderFields): SipRequest => {
      const own: HeaderFields = {
        'Max-Forwards': '70',
        From: `<${this.phone.addressOfRecord}>;tag=${tag}`,
        To: `<${this.uri}>`,
        'Call-ID': callId,
        CSeq: `${String(++sequence)} SUBSCRIBE`,
        Contact: `<${this.phone.contact()}>`,
        Event: this.options.event ?? 'presence',
        Expires: String(expires),
      }
      const headers = headerFields(mergeFields(own, this.options.headers, more, authorization))
      return (sent = { kind: 'request', method: 'SUBSCRIBE', uri: this.uri, headers, body: '' })
    }
    const response = await this.phone.exchange('SUBSCRIBE', this.uri, build, undefined, more)
    if (response.status < 300 && sent !== undefined) this.#dialog = Dialog.ofCaller(sent, response)
    return response
  }

  /** A SUBSCRIBE within the dialog; 0 ends it. */
  refresh(expires: number): Promise<SipResponse> {
    const dialog = this.#dialog
    if (dialog === undefined) throw new Error('there is no subscription')
    const build = (): SipRequest =>
      dialog.request('SUBSCRIBE', {
        Contact: `<${this.phone.contact()}>`,
        Event: this.options.event ?? 'presence',
        Expires: String(expires),
      })
    return this.phone.exchange('SUBSCRIBE', this.uri, build)
  }

  /** The next NOTIFY that was not taken yet. */
  async next(): Promise<SipRequest> {
    for (;;) {
      const notify = this.notified[this.#read]
      if (notify !== undefined) {
        this.#read += 1
        return notify
      }
      await new Promise<void>((resolve) => (this.#changed = resolve))
    }
  }

  /** The next NOTIFY whose body says so; those before it are passed over. */
  async until(text: string): Promise<SipRequest> {
    for (;;) {
      const notify = await this.next()
      if (notify.body.includes(text)) return notify
    }
  }
}

export function stateOf(notify: SipRequest): string {
  return header(notify, 'Subscription-State') ?? ''
}
