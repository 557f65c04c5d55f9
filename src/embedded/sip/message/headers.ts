import { headerKey, headerName } from './names.js'
import { appendList } from './values.js'

/** The value was not parsed yet. */
const UNREAD = Symbol('unread')

/** One header line: its key (lower case, full form), the name as it was spelt, and its unfolded value. */
export class HeaderField {
  private read: unknown

  /** `read` is what parsing the value gives, where that is known already. */
  constructor(
    readonly key: string,
    readonly name: string,
    readonly value: string,
    read: unknown = UNREAD,
  ) {
    this.read = read
  }

  static of(name: string, value: string): HeaderField {
    const known = headerName(name)
    return new HeaderField(known.key, known.name, value)
  }

  /** The value through `parse`, which for one key is always the same function; the result is remembered. */
  parsed<T>(parse: (value: string) => T | undefined): T | undefined {
    if (this.read === UNREAD) this.read = parse(this.value)
    return this.read as T | undefined
  }
}

/**
 * The header lines of a message, in order. Values are text; they are parsed on demand, and the result is kept
 * with the line. A line never changes, so that messages may share it.
 */
export class Headers {
  private lines: HeaderField[]

  constructor(lines: HeaderField[] = []) {
    this.lines = lines
  }

  get fields(): readonly HeaderField[] {
    return this.lines
  }

  /** The first line of that name. */
  first(name: string): HeaderField | undefined {
    const key = headerKey(name)
    for (const line of this.lines) if (line.key === key) return line
    return undefined
  }

  get(name: string): string | undefined {
    return this.first(name)?.value
  }

  has(name: string): boolean {
    return this.first(name) !== undefined
  }

  /** How many lines of that name there are. */
  count(name: string): number {
    const key = headerKey(name)
    let count = 0
    for (const line of this.lines) if (line.key === key) count++
    return count
  }

  /** The values of all lines of that name, one entry a line. */
  lineValues(name: string): string[] {
    const key = headerKey(name)
    const values: string[] = []
    for (const line of this.lines) if (line.key === key) values.push(line.value)
    return values
  }

  /** The values of a header that may be repeated or comma-separated (RFC 3261 §7.3.1), one entry a value. */
  list(name: string): string[] {
    const key = headerKey(name)
    const values: string[] = []
    for (const line of this.lines) if (line.key === key) appendList(line.value, values)
    return values
  }

  /** The first line's value through `parse`, which for one name is always the same function. */
  parsed<T>(name: string, parse: (value: string) => T | undefined): T | undefined {
    return this.first(name)?.parsed(parse)
  }

  /** Adds a line at the end. */
  add(name: string, value: string): this {
    this.lines.push(HeaderField.of(name, value))
    return this
  }

  /** Adds a line of another message at the end. */
  addField(field: HeaderField): this {
    this.lines.push(field)
    return this
  }

  /** Adds a line above all others: for Via and Record-Route the top line is the nearest hop. */
  prepend(name: string, value: string): this {
    this.lines.unshift(HeaderField.of(name, value))
    return this
  }

  /** Replaces every line of that name by one, at the place of the first. */
  set(name: string, value: string): this {
    const first = this.first(name)
    if (!first) return this.add(name, value)
    const changed = new HeaderField(first.key, first.name, value)
    this.lines = this.lines
      .filter((line) => line === first || line.key !== first.key)
      .map((line) => (line === first ? changed : line))
    return this
  }

  /** Replaces all values of a list header; an empty list removes it. */
  setList(name: string, values: readonly string[]): this {
    if (values.length === 0) return this.remove(name)
    return this.set(name, values.join(', '))
  }

  /** Replaces the value of the first line only. `read` is what parsing the new one gives, where that is known. */
  replaceTop(name: string, value: string, read?: unknown): this {
    const first = this.first(name)
    if (!first) return this
    this.lines[this.lines.indexOf(first)] = new HeaderField(first.key, first.name, value, read)
    return this
  }

  /** Takes the first line off. */
  removeTop(name: string): this {
    const first = this.first(name)
    if (first) this.lines.splice(this.lines.indexOf(first), 1)
    return this
  }

  remove(name: string): this {
    const key = headerKey(name)
    if (this.has(name)) this.lines = this.lines.filter((line) => line.key !== key)
    return this
  }

  clone(): Headers {
    return new Headers([...this.lines])
  }
}
