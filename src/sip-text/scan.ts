/**
 * Cutting header values at separators that quoted strings and angle brackets do not hide (RFC 3261 §25.1).
 */

export interface SplitOptions {
  /** Whether `<...>` hides separators too. Default true. */
  readonly brackets?: boolean
}

/**
 * The parts of `text` between the separators that stand outside quoted strings (and angle brackets), untrimmed.
 * Undefined where a quote or a bracket is left open, or a bracket closes nothing.
 */
export function splitOutside(
  text: string,
  separator: string,
  options: SplitOptions = {},
): readonly string[] | undefined {
  const brackets = options.brackets ?? true
  const parts: string[] = []
  let start = 0
  let within: 'plain' | 'quotes' | 'brackets' = 'plain'
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    switch (within) {
      case 'quotes':
        if (char === '\\') at++
        else if (char === '"') within = 'plain'
        break
      case 'brackets':
        if (char === '<') return undefined
        if (char === '>') within = 'plain'
        break
      case 'plain':
        if (char === '"') within = 'quotes'
        else if (brackets && char === '<') within = 'brackets'
        else if (brackets && char === '>') return undefined
        else if (char === separator) {
          parts.push(text.slice(start, at))
          start = at + 1
        }
        break
      default:
        return within satisfies never
    }
  }
  if (within !== 'plain') return undefined
  parts.push(text.slice(start))
  return parts
}

/** Index of the first `char` outside quoted strings, or -1. */
export function indexOutsideQuotes(text: string, char: string): number {
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    if (quoted && text[at] === '\\') at++
    else if (text[at] === '"') quoted = !quoted
    else if (!quoted && text[at] === char) return at
  }
  return -1
}

/** The content of a quoted-string, escapes undone. Undefined where `text` is not exactly one quoted-string. */
export function unquote(text: string): string | undefined {
  if (text.length < 2 || !text.startsWith('"')) return undefined
  let content = ''
  for (let at = 1; at < text.length; at++) {
    const char = text[at]
    if (char === '"') return at === text.length - 1 ? content : undefined
    if (char === '\\') at++
    if (at === text.length) return undefined
    content += text[at]
  }
  return undefined
}

/** `text` as a quoted-string. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** Whether the text has control characters, which no header value or URI of ours may carry on. Tab is not one. */
export function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return true
  }
  return false
}

/** Undoes `%xx` escapes (UTF-8). Undefined where an escape is cut short, not hexadecimal, or not UTF-8. */
export function percentDecode(text: string): string | undefined {
  if (!text.includes('%')) return text
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    // The escapes are well-formed but their bytes are not UTF-8: the caller hears it as undefined.
    return undefined
  }
}
