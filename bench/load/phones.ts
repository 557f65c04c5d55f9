import { digest, type Nonce, nonceOf } from './credentials.js'
import type { Link } from './link.js'
import { register, respond, sdp, type Side } from './messages.js'
import { passwordOf, phoneNumber, type Plan, providerOf } from './plan.js'
import { calledOf, indexOfCallId, memberOf, methodOf, statusOf } from './scan.js'

/** Seconds; far longer than a run. */
const AWAKE = 3600
/** At once, while they make themselves known. */
const WINDOW = 16

/** What of the phones is of interest to their calls. */
export interface PhoneEvents {
  registering(phone: number): void
  registered(phone: number): void
  refused(phone: number, status: number): void
  /** Sleeps again, and can be called. */
  asleep(phone: number): void
  invited(phone: number, request: string): void
  answered(phone: number): void
  acked(phone: number): void
}

type Doing = 'waking' | 'falling asleep'

interface Phone {
  doing: Doing
  cseq: number
  token: string
  nonce: Nonce | undefined
  challenged: boolean
  /** The INVITE that it answered, and the answer, for those that come again. */
  answer: string
}

/** The phones of one process, on one socket: by their numbers, 0 on. */
export class Phones {
  readonly #phones: Phone[]
  #made: ((phone: number) => void) | undefined
  /** Of the server's first challenge: while they make themselves known they spare it one each. */
  #shared: Nonce | undefined

  constructor(
    private readonly plan: Plan,
    private readonly run: string,
    private readonly link: Link,
    private readonly side: Side,
    private readonly events: PhoneEvents,
  ) {
    this.#phones = Array.from({ length: plan.phones }, () => ({
      doing: 'waking',
      cseq: 0,
      token: '',
      nonce: undefined,
      challenged: false,
      answer: '',
    }))
  }

  /**
   * Each registers by its password, with its push token, and goes to sleep, unless all stay awake. Rejects where one is
   * refused.
   */
  makeKnown(): Promise<void> {
    let next = 0
    let left = this.#phones.length
    return new Promise((resolve, reject) => {
      const more = (): void => {
        if (next < this.#phones.length) this.#register(next++, 'waking')
      }
      this.#made = (phone) => {
        const { doing } = this.#phone(phone)
        if (doing === 'waking' && this.plan.awake !== true) return this.#register(phone, 'falling asleep')
        if (--left > 0) return more()
        this.#made = undefined
        this.#shared = undefined
        resolve()
      }
      this.events.refused = (phone, status) => reject(new Error(`REGISTER of phone ${phone} got ${status}`))
      for (let n = 0; n < WINDOW; n++) more()
    })
  }

  /** `body`: of the push, with the call token. */
  wake(phone: number, body: string): void {
    this.#phone(phone).token = this.plan.proof === 'token' ? memberOf(body, 'token') : ''
    this.#phone(phone).answer = ''
    this.events.registering(phone)
    this.#register(phone, 'waking')
  }

  /** One that stays awake takes the next call at once. */
  sleep(phone: number): void {
    this.#phone(phone).answer = ''
    if (this.plan.awake === true) return this.events.asleep(phone)
    this.#register(phone, 'falling asleep')
  }

  hear(text: string): void {
    if (statusOf(text) > 0) return this.#response(text)
    const phone = calledOf(text) - phoneNumber(this.plan.worker, 0)
    if (this.#phones[phone] === undefined) return
    switch (methodOf(text)) {
      case 'INVITE':
        return this.#invite(phone, text)
      case 'ACK':
        return this.events.acked(phone)
      default:
        // BYE above all; an OPTIONS or a CANCEL that came too late is answered as well.
        return this.link.say(respond(text, '200 OK', `d${phone}`))
    }
  }

  #invite(phone: number, request: string): void {
    const one = this.#phone(phone)
    if (one.answer !== '') return this.link.say(one.answer)
    this.events.invited(phone, request)
    const contact = `Contact: <sip:${phoneNumber(this.plan.worker, phone)}@${this.side.host}:${this.side.port}>\r\n`
    const answer = respond(request, '200 OK', `d${phone}`, contact, sdp(this.side, phone + 1))
    const send = (): void => {
      one.answer = answer
      this.events.answered(phone)
      this.link.say(answer)
    }
    if (this.plan.ringMs === 0) return send()
    one.answer = respond(request, '180 Ringing', `d${phone}`, contact)
    this.link.say(one.answer)
    setTimeout(send, this.plan.ringMs)
  }

  #response(text: string): void {
    const phone = indexOfCallId(text, 'r')
    const one = this.#phones[phone]
    if (one === undefined) return
    const status = statusOf(text)
    if (status < 200 || !text.includes(`\r\nCSeq: ${one.cseq} `)) return
    this.link.settle(phone)
    if (status === 401 && !one.challenged) {
      one.nonce = nonceOf(text)
      if (this.#made !== undefined) this.#shared = one.nonce
      one.challenged = true
      one.token = ''
      return this.#send(phone)
    }
    if (status !== 200) return this.events.refused(phone, status)
    if (this.#made !== undefined) return this.#made(phone)
    if (one.doing === 'waking') this.events.registered(phone)
    else this.events.asleep(phone)
  }

  #register(phone: number, doing: Doing): void {
    const one = this.#phone(phone)
    one.doing = doing
    one.challenged = false
    this.#send(phone)
  }

  #send(phone: number): void {
    const one = this.#phone(phone)
    one.cseq++
    const what = {
      phone: phoneNumber(this.plan.worker, phone),
      cseq: one.cseq,
      expires: one.doing === 'waking' ? AWAKE : 0,
      provider: providerOf(this.plan.worker),
      authorization: this.#proof(phone, one),
    }
    this.link.ask(phone, register(this.side, this.run, phone, what))
  }

  #proof(phone: number, one: Phone): string {
    if (one.token !== '') return `Bearer ${one.token}`
    const nonce = one.challenged ? one.nonce : (this.#shared ?? one.nonce)
    if (nonce === undefined) return ''
    const number = phoneNumber(this.plan.worker, phone)
    return digest(nonce, String(number), passwordOf(number), this.plan.domain)
  }

  #phone(phone: number): Phone {
    const one = this.#phones[phone]
    if (one === undefined) throw new Error(`there is no phone ${phone}`)
    return one
  }
}
