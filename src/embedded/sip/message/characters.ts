/** Classes of characters (RFC 3261 §25.1), as bits of a table, for a look at each costs less than an expression. */
const SPACE = 1
const TOKEN = 2
const HOST = 4
const DIGIT = 8

const CLASSES = new Uint8Array(256)
mark(' \t\r\n\v\f', SPACE)
for (const [from, to, classes] of [
  ['0', '9', TOKEN | HOST | DIGIT],
  ['A', 'Z', TOKEN | HOST],
  ['a', 'z', TOKEN | HOST],
] as const) {
  for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code++) CLASSES[code] = classes
}
mark('-._', TOKEN | HOST)
mark("!%*+`'~", TOKEN)

function mark(characters: string, classes: number): void {
  for (const character of characters) CLASSES[character.charCodeAt(0)] = classes
}

function classOf(code: number): number {
  return CLASSES[code] ?? 0
}

export function isSpace(code: number): boolean {
  return (classOf(code) & SPACE) !== 0
}

export function isTokenCharacter(code: number): boolean {
  return (classOf(code) & TOKEN) !== 0
}

/** Of a host name or IPv4 address; underscores are in use. */
export function isHostCharacter(code: number): boolean {
  return (classOf(code) & HOST) !== 0
}

export function isDigit(code: number): boolean {
  return (classOf(code) & DIGIT) !== 0
}

/** Where the white space that may begin at `at` ends. */
export function skipSpace(text: string, at: number): number {
  while (at < text.length && isSpace(text.charCodeAt(at))) at++
  return at
}

/** Where the digits that may begin at `at` end. */
export function skipDigits(text: string, at: number): number {
  while (at < text.length && isDigit(text.charCodeAt(at))) at++
  return at
}

/**
 * Where a quoted string ends that begins at `at`: just past its closing quote, or -1 where it has none. A
 * backslash takes what follows it along (RFC 3261 §25.1).
 */
export function endOfQuoted(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 92) i++
    else if (code === 34) return i + 1
  }
  return -1
}
