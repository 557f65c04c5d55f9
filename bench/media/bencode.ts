/** What rtpengine's ng protocol says things in (BEP 3): strings, numbers, lists and dictionaries. */
export type Bencode = string | number | readonly Bencode[] | { readonly [key: string]: Bencode }

export function encode(value: Bencode): string {
  if (typeof value === 'string') return `${Buffer.byteLength(value)}:${value}`
  if (typeof value === 'number') return `i${value}e`
  if (isList(value)) return `l${value.map(encode).join('')}e`
  const keys = Object.keys(value).sort()
  return `d${keys.map((key) => encode(key) + encode(value[key] ?? '')).join('')}e`
}

/** @throws Error for what is not well formed */
export function decode(bytes: Buffer): Bencode {
  const reader = new Reader(bytes)
  const value = reader.value()
  if (!reader.over) throw new Error('something follows the value')
  return value
}

function isList(value: Bencode): value is readonly Bencode[] {
  return Array.isArray(value)
}

class Reader {
  #at = 0

  constructor(private readonly bytes: Buffer) {}

  get over(): boolean {
    return this.#at === this.bytes.length
  }

  value(): Bencode {
    switch (String.fromCharCode(this.bytes[this.#at] ?? 0)) {
      case 'i':
        this.#at += 1
        return Number(this.#until('e'))
      case 'l':
        return this.#items()
      case 'd': {
        const items = this.#items()
        const pairs = Array.from({ length: items.length / 2 }, (_, n) => [items[2 * n], items[2 * n + 1]])
        return Object.fromEntries(pairs) as Bencode
      }
      default: {
        const length = Number(this.#until(':'))
        if (!Number.isInteger(length)) throw new Error(`no value at ${this.#at}`)
        this.#at += length
        return this.bytes.toString('utf8', this.#at - length, this.#at)
      }
    }
  }

  #items(): Bencode[] {
    this.#at += 1
    const items: Bencode[] = []
    while (this.bytes[this.#at] !== 'e'.charCodeAt(0)) {
      if (this.#at >= this.bytes.length) throw new Error('cut short')
      items.push(this.value())
    }
    this.#at += 1
    return items
  }

  #until(end: string): string {
    const to = this.bytes.indexOf(end, this.#at)
    if (to < 0) throw new Error('cut short')
    const text = this.bytes.toString('latin1', this.#at, to)
    this.#at = to + 1
    return text
  }
}
