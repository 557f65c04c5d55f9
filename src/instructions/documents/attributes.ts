import { DocumentFault } from './fault.js'
import type { XmlElement } from './xml.js'

/** What a document is read with. */
export interface Reading {
  /** Whether a speech engine is configured. */
  readonly speech: boolean
  /** Something in it has no effect; for the log. */
  ignored(what: string): void
}

/** The attributes of an element, each as its verb means it. What is asked for by none of the methods has no effect. */
export class Attributes {
  readonly #element: XmlElement

  /** `known`: those that are asked for; all others are reported as ignored. */
  constructor(element: XmlElement, known: readonly string[], reading: Reading) {
    this.#element = element
    for (const name of element.attributes.keys()) {
      if (known.includes(name)) continue
      reading.ignored(`line ${element.line}: <${element.name} ${name}> has no effect`)
    }
  }

  text(name: string): string | undefined {
    return this.#element.attributes.get(name)
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.#element.attributes.get(name)?.toLowerCase()
    if (value === undefined) return otherwise
    if (value !== 'true' && value !== 'false') throw this.#wrong(name, 'true or false')
    return value === 'true'
  }

  /** What lies outside of the bounds becomes the nearest bound. */
  whole(name: string, otherwise: number, minimum: number, maximum: number): number {
    const value = this.#element.attributes.get(name)
    if (value === undefined) return otherwise
    if (!/^\d{1,9}$/.test(value.trim())) throw this.#wrong(name, 'a whole number')
    return Math.min(maximum, Math.max(minimum, Number(value)))
  }

  oneOf<const T extends string>(name: string, otherwise: T, ...values: readonly T[]): T {
    const value = this.#element.attributes.get(name)
    if (value === undefined) return otherwise
    const found = values.find((each) => each === value)
    if (found === undefined) throw this.#wrong(name, `one of ${values.join(', ')}`)
    return found
  }

  method(): 'GET' | 'POST' {
    return this.oneOf('method', 'POST', 'POST', 'GET')
  }

  #wrong(name: string, expected: string): DocumentFault {
    const value = (this.#element.attributes.get(name) ?? '').slice(0, 40)
    return new DocumentFault(
      `<${this.#element.name} ${name}="${value}">: expected ${expected}`,
      this.#element.line,
    )
  }
}
