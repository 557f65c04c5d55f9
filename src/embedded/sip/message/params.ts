import { endOfQuoted, isSpace, isTokenCharacter, skipSpace } from './characters.js'

/** Parameters of a header or URI, names in lower case; a parameter without `=` has an empty value. */
export type Params = Map<string, string>

const SEMICOLON = 59
const EQUALS = 61
const QUOTE = 34

/**
 * Goes through `;name=value;flag`, one parameter after the other, without a copy of any: most are looked at only
 * to see that they are well-formed.
 */
export class ParamReader {
  /** A name is missing or not a token, or a quoted string does not end. Nothing follows. */
  malformed = false
  private readonly end: number
  private nameStart = 0
  private nameEnd = 0
  private valueStart = 0
  private valueEnd = 0

  /** Reads from `at`, where the first semicolon is expected, to the end of the text. */
  constructor(
    private readonly all: string,
    private at = 0,
  ) {
    let end = all.length
    while (end > at && isSpace(all.charCodeAt(end - 1))) end--
    this.end = end
    this.at = skipSpace(all, at)
  }

  /** Goes on to the next parameter; false at the end, and where the text is malformed. */
  next(): boolean {
    if (this.at >= this.end || this.malformed) return false
    this.malformed = !this.readName() || !this.readValue() || !this.atBoundary()
    return !this.malformed
  }

  /** In lower case. */
  get name(): string {
    return this.all.slice(this.nameStart, this.nameEnd).toLowerCase()
  }

  /** As written, quotes included; empty for a flag. */
  get value(): string {
    return this.all.slice(this.valueStart, this.valueEnd)
  }

  /** The parameter as it is written by this server. */
  get text(): string {
    return formatParam(this.name, this.value)
  }

  /** Whether the parameter has that name, which is given in lower case. */
  is(name: string): boolean {
    return this.nameEnd - this.nameStart === name.length && this.name === name
  }

  /** Brackets and colons may be part of a URI parameter's name (RFC 3261 §25.1: param-unreserved). */
  private readName(): boolean {
    const text = this.all
    if (text.charCodeAt(this.at) !== SEMICOLON) return false
    let at = skipSpace(text, this.at + 1)
    this.nameStart = at
    let tokens = 0
    for (; at < this.end; at++) {
      const code = text.charCodeAt(at)
      if (isTokenCharacter(code)) tokens++
      else if (code !== 91 && code !== 93 && code !== 58) break
    }
    this.nameEnd = at
    this.at = skipSpace(text, at)
    return tokens > 0
  }

  private readValue(): boolean {
    const text = this.all
    this.valueStart = this.valueEnd = this.at
    if (text.charCodeAt(this.at) !== EQUALS) return true
    const start = skipSpace(text, this.at + 1)
    this.valueStart = start
    if (text.charCodeAt(start) === QUOTE && start < this.end) {
      const end = endOfQuoted(text, start)
      this.valueEnd = end
      this.at = skipSpace(text, end)
      return end >= 0
    }
    let at = start
    for (; at < this.end; at++) {
      const code = text.charCodeAt(at)
      if (code === SEMICOLON) break
      if (code === QUOTE) return false
    }
    this.at = at
    while (at > start && isSpace(text.charCodeAt(at - 1))) at--
    this.valueEnd = at
    return true
  }

  private atBoundary(): boolean {
    return this.at >= this.end || this.all.charCodeAt(this.at) === SEMICOLON
  }
}

/**
 * Parses `;name=value;flag` (leading semicolon included). Undefined where a name is missing or not a token, or
 * a quoted string does not end.
 */
export function parseParams(text: string, at = 0): Params | undefined {
  const params: Params = new Map()
  const reader = new ParamReader(text, at)
  while (reader.next()) params.set(reader.name, reader.value)
  return reader.malformed ? undefined : params
}

export function formatParams(params: Params): string {
  let text = ''
  for (const [name, value] of params) text += formatParam(name, value)
  return text
}

function formatParam(name: string, value: string): string {
  return value === '' ? `;${name}` : `;${name}=${value}`
}
