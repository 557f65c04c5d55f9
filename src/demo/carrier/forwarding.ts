import type { Condition, ForwardingCommand } from './dial-code.js'

interface Entry {
  readonly number: string
  readonly afterSeconds: number
  readonly active: boolean
}

/** What a network does where a code names no time (3GPP TS 22.082 §2.2.1). */
const USUAL_NO_REPLY_SECONDS = 20

/** Where one subscriber's calls are forwarded to, as the network keeps it. */
export class Forwarding {
  readonly #entries = new Map<Condition, Entry>()

  /** Undefined where it is not set, or switched off. */
  to(condition: Condition): string | undefined {
    const entry = this.#entries.get(condition)
    return entry?.active === true ? entry.number : undefined
  }

  /** How long a phone rings before the network gives it up, seconds; undefined where it never does. */
  get noReplySeconds(): number | undefined {
    const entry = this.#entries.get('no-reply')
    return entry?.active === true ? entry.afterSeconds : undefined
  }

  /** False where the network refuses: nothing is there to switch, or a time is out of its steps. */
  obey(command: ForwardingCommand): boolean {
    return command.conditions.map((condition) => this.#obey(command, condition)).every(Boolean)
  }

  #obey({ procedure, number, afterSeconds }: ForwardingCommand, condition: Condition): boolean {
    const known = this.#entries.get(condition)
    switch (procedure) {
      case 'set': {
        const seconds = afterSeconds ?? USUAL_NO_REPLY_SECONDS
        if (number === undefined || seconds < 5 || seconds > 30 || seconds % 5 !== 0) return false
        this.#entries.set(condition, { number, afterSeconds: seconds, active: true })
        return true
      }
      case 'activate':
      case 'deactivate':
        if (known === undefined) return false
        this.#entries.set(condition, { ...known, active: procedure === 'activate' })
        return true
      case 'erase':
        this.#entries.delete(condition)
        return true
      case 'query':
        return known?.active === true
      default:
        return procedure satisfies never
    }
  }
}
