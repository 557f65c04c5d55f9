import { headerKey } from './names.js'
import { splitList } from './values.js'

/** One header line: its key (lower case, full form), the name as it was spelt, and its unfolded value. */
export interface HeaderField {
  readonly key: string
  readonly name: string
  readonly value: string
}

/**
 * The header lines of a message, in order. Values are text; they are parsed on demand, and the result is kept
 * until the field changes.
 */
export class Headers {
  private lines: HeaderField[]
  private readonly memo = new Map<string, unknown>()

  constructor(lines: HeaderField[] = []) {
    this.lines = lines
  }

  get fields(): readonly HeaderField[] {
    return this.lines
  }

  get(name: string): string | undefined {
    const key = headerKey(name)
    return this.lines.find((line) => line.key === key)?.value
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** The values of all lines of that name, one entry a line. */
  lineValues(name: string): string[] {
    const key = headerKey(name)
    return this.lines.filter((line) => line.key === key).map((line) => line.value)
  }

  /** The values of a header that may be repeated or comma-separated (RFC 3261 §7.3.1), one entry a value. */
  list(name: string): string[] {
    return this.lineValues(name).flatMap(splitList)
  }

  /** The first line's value through `parse`, remembered until the field changes. */
  parsed<T>(name: string, parse: (value: string) => T | undefined): T | undefined {
    const key = headerKey(name)
    if (this.memo.has(key)) return this.memo.get(key) as T | undefined
    const value = this.get(key)
    const result = value === undefined ? undefined : parse(value)
    this.memo.set(key, result)
    return result
  }

  /** Adds a line at the end. */
  add(name: string, value: string): this {
    const key = headerKey(name)
    this.memo.delete(key)
    this.lines.push({ key, name, value })
    return this
  }

  /** Adds a line above all others: for Via and Record-Route the top line is the nearest hop. */
  prepend(name: string, value: string): this {
    const key = headerKey(name)
    this.memo.delete(key)
    this.lines.unshift({ key, name, value })
    return this
  }

  /** Replaces every line of that name by one, at the place of the first. */
  set(name: string, value: string): this {
    const key = headerKey(name)
    this.memo.delete(key)
    const at = this.lines.findIndex((line) => line.key === key)
    if (at < 0) {
      this.lines.push({ key, name, value })
      return this
    }
    this.lines = this.lines.filter((line, index) => line.key !== key || index === at)
    this.lines[at] = { key, name: this.lines[at]?.name ?? name, value }
    return this
  }

  /** Replaces all values of a list header; an empty list removes it. */
  setList(name: string, values: readonly string[]): this {
    if (values.length === 0) return this.remove(name)
    return this.set(name, values.join(', '))
  }

  /** Replaces the value of the first line only. */
  replaceTop(name: string, value: string): this {
    const key = headerKey(name)
    this.memo.delete(key)
    const at = this.lines.findIndex((line) => line.key === key)
    const line = this.lines[at]
    if (line) this.lines[at] = { ...line, value }
    return this
  }

  remove(name: string): this {
    const key = headerKey(name)
    this.memo.delete(key)
    if (this.lines.some((line) => line.key === key)) {
      this.lines = this.lines.filter((line) => line.key !== key)
    }
    return this
  }

  clone(): Headers {
    return new Headers([...this.lines])
  }
}
