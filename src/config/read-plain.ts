import { isNothing } from './tree.js'
import type { Entry, ListNode, MapNode, TextNode, Tree } from './tree.js'

/**
 * Reads the part of YAML that configurations are written in: block maps and lists, flow maps and lists on one line,
 * plain and quoted text on one line without escapes, comments. 100,000 users are read in a fraction of the time and
 * memory that a full parser takes, which matters where a running server reloads.
 *
 * @returns undefined where the text holds anything else, errors included: it says nothing of what it does not know
 */
export function readPlain(text: string): Tree | undefined {
  try {
    return new PlainReader(text).read()
  } catch (error) {
    if (error instanceof NotPlain) return undefined
    throw error
  }
}

class NotPlain extends Error {}

const KEY =
  /(?:([A-Za-z0-9_+][\w+.@$!~*'()&=,?/-]{0,500})|"([^"\\\n\t]{0,500})"|'([^'\n\t]{0,500})'):(?=[ \n]|$)/y
const QUOTED = /"([^"\\\n\t]*)"|'([^'\n\t]*)'(?!')/y
const PLAIN_START = /[\w+./~$(]|-[\w.]/y
/** Up to what ends a plain text, or might. */
const BLOCK_STOP = /[\n\t#:]/g
const FLOW_STOP = /[\n\t#:,[\]{}]/g

const MAX_DEPTH = 50

class PlainReader {
  #at = 0
  #depth = 0

  constructor(private readonly text: string) {}

  read(): Tree {
    if (this.text.includes('\r') || this.text.startsWith('\ufeff')) throw new NotPlain()
    const indent = this.#nextLine()
    if (indent === -1) return { kind: 'text', at: 0, text: '', absent: true }
    const tree = this.#block(indent)
    if (this.#nextLine() !== -1) throw new NotPlain()
    return tree
  }

  /** Goes to the first character of the next line that says something; returns its indentation, -1 at the end. */
  #nextLine(): number {
    for (;;) {
      let at = this.#at
      while (this.text[at] === ' ') at += 1
      const char = this.text[at]
      if (char === undefined) return -1
      if (char !== '\n' && char !== '#') {
        const indent = at - (this.text.lastIndexOf('\n', at) + 1)
        this.#at = at
        return indent
      }
      const end = this.text.indexOf('\n', at)
      if (end === -1) {
        this.#at = this.text.length
        return -1
      }
      this.#at = end + 1
    }
  }

  /** The indentation of the next line, without going there for good. */
  #peekLine(): number {
    const indent = this.#nextLine()
    if (indent !== -1) this.#at -= indent
    return indent
  }

  #block(indent: number): Tree {
    return this.#nested(() => (this.#isDash() ? this.#list(indent) : this.#map(indent)))
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw new NotPlain()
    const result = read()
    this.#depth -= 1
    return result
  }

  #isDash(): boolean {
    const next = this.text[this.#at + 1]
    return this.text[this.#at] === '-' && (next === ' ' || next === '\n' || next === undefined)
  }

  /** Begins at its first key, which stands `indent` from the left. */
  #map(indent: number): MapNode {
    const at = this.#at
    const entries: Entry[] = []
    do {
      const keyAt = this.#at
      const key = this.#key()
      if (key === undefined) throw new NotPlain()
      entries.push({ key, at: keyAt, value: this.#valueOf(indent, true) })
    } while (this.#isAt(indent))
    return { kind: 'map', at, entries }
  }

  /** Begins at its first dash. */
  #list(indent: number): ListNode {
    const at = this.#at
    const items: Tree[] = []
    do {
      if (!this.#isDash()) throw new NotPlain()
      this.#at += 1
      items.push(this.#item(indent))
    } while (this.#isAt(indent, '-'))
    return { kind: 'list', at, items }
  }

  #item(indent: number): Tree {
    const dashAt = this.#at - 1
    this.#spaces()
    const column = indent + (this.#at - dashAt)
    const start = this.#at
    const isMap = this.#key() !== undefined
    this.#at = start
    return isMap ? this.#nested(() => this.#map(column)) : this.#valueOf(indent, false)
  }

  /** Goes on to the next line if it stands `indent` from the left; what stands further in belongs to nothing. */
  #isAt(indent: number, first?: string): boolean {
    const next = this.#peekLine()
    if (next > indent) throw new NotPlain()
    if (next !== indent || (first !== undefined && this.text[this.#at + next] !== first)) return false
    this.#at += next
    return true
  }

  /** The key at hand and its colon; undefined where there is none. */
  #key(): string | undefined {
    KEY.lastIndex = this.#at
    const match = KEY.exec(this.text)
    if (match === null) return undefined
    this.#at = KEY.lastIndex
    return match[1] ?? match[2] ?? match[3]
  }

  /** What stands behind a key or a dash, or on the lines below, further in; a list may stand right below its key. */
  #valueOf(indent: number, mayBeListBelow: boolean): Tree {
    const behind = this.#at
    this.#spaces()
    if (!this.#atLineEnd(behind)) {
      const value = this.#inline(BLOCK_STOP)
      const end = this.#at
      this.#spaces()
      if (!this.#atLineEnd(end)) throw new NotPlain()
      this.#endLine()
      return value
    }
    this.#endLine()
    const next = this.#peekLine()
    const below = next > indent || (mayBeListBelow && next === indent && this.text[this.#at + next] === '-')
    if (!below) return { kind: 'text', at: behind, text: '', absent: true }
    this.#at += next
    return this.#block(next)
  }

  #spaces(): void {
    while (this.text[this.#at] === ' ') this.#at += 1
  }

  /** Whether nothing but a comment is left; one needs a space before it. */
  #atLineEnd(since: number): boolean {
    const char = this.text[this.#at]
    return char === undefined || char === '\n' || (char === '#' && this.#at > since)
  }

  #endLine(): void {
    const end = this.text.indexOf('\n', this.#at)
    this.#at = end === -1 ? this.text.length : end + 1
  }

  #inline(stop: RegExp): Tree {
    const char = this.text[this.#at]
    if (char === '{') return this.#nested(() => this.#flowMap())
    if (char === '[') return this.#nested(() => this.#flowList())
    return char === '"' || char === "'" ? this.#quoted() : this.#plain(stop)
  }

  #quoted(): TextNode {
    const at = this.#at
    QUOTED.lastIndex = at
    const match = QUOTED.exec(this.text)
    if (match === null) throw new NotPlain()
    this.#at = QUOTED.lastIndex
    return { kind: 'text', at, text: match[1] ?? match[2] ?? '', absent: false }
  }

  #plain(stop: RegExp): TextNode {
    const at = this.#at
    PLAIN_START.lastIndex = at
    if (!PLAIN_START.test(this.text)) throw new NotPlain()
    const end = this.#plainEnd(stop)
    const text = this.text.slice(at, end).trimEnd()
    // What the full parser takes for white space and this one for text is its to judge.
    if (text !== this.text.slice(at, end).replace(/ +$/, '')) throw new NotPlain()
    this.#at = at + text.length
    return { kind: 'text', at, text, absent: isNothing(text) }
  }

  /** A colon or a hash within a word is a part of it. */
  #plainEnd(stop: RegExp): number {
    stop.lastIndex = this.#at
    for (let match = stop.exec(this.text); match !== null; match = stop.exec(this.text)) {
      const at = match.index
      switch (match[0]) {
        case '\t':
          throw new NotPlain()
        case '#':
          if (this.text[at - 1] === ' ') return at
          break
        case ':':
          if (!/[\w/.$@+[-]/.test(this.text[at + 1] ?? ' ')) throw new NotPlain()
          break
        default:
          return at
      }
    }
    return this.text.length
  }

  #flowList(): ListNode {
    const at = this.#at
    const items: Tree[] = []
    this.#flow(']', () => items.push(this.#inline(FLOW_STOP)))
    return { kind: 'list', at, items }
  }

  #flowMap(): MapNode {
    const at = this.#at
    const entries: Entry[] = []
    this.#flow('}', () => {
      const keyAt = this.#at
      const key = this.#key()
      if (key === undefined || key.includes(',')) throw new NotPlain()
      this.#spaces()
      entries.push({ key, at: keyAt, value: this.#inline(FLOW_STOP) })
    })
    return { kind: 'map', at, entries }
  }

  /** From the opening bracket to the closing one, all on one line. */
  #flow(close: string, readOne: () => void): void {
    this.#at += 1
    this.#spaces()
    if (this.text[this.#at] === close) {
      this.#at += 1
      return
    }
    for (;;) {
      readOne()
      this.#spaces()
      const char = this.text[this.#at]
      this.#at += 1
      if (char === close) return
      if (char !== ',') throw new NotPlain()
      this.#spaces()
    }
  }
}
