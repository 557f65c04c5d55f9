/*
 * Reading of SIP by searching: a generator that parsed would be slower than what it measures. Header names are looked
 * for as the servers under test write them, which is as RFC 3261 does, in full.
 */

/** The value of the first header of this name; '' where there is none. */
export function headerOf(text: string, name: string): string {
  const at = text.indexOf(`\r\n${name}: `)
  if (at < 0) return ''
  const from = at + name.length + 4
  return text.slice(from, text.indexOf('\r\n', from))
}

/** The values of all headers of this name, in order. */
export function headersOf(text: string, name: string): string[] {
  const mark = `\r\n${name}: `
  const values: string[] = []
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    const from = at + mark.length
    values.push(text.slice(from, text.indexOf('\r\n', from)))
  }
  return values
}

/** The status of a response; 0 of a request. */
export function statusOf(text: string): number {
  return text.startsWith('SIP/2.0 ') ? Number(text.slice(8, 11)) : 0
}

/** The method of a request, from its first line. */
export function methodOf(text: string): string {
  return text.slice(0, text.indexOf(' '))
}

/** The method in CSeq, which a response has of its request. */
export function cseqMethodOf(text: string): string {
  const value = headerOf(text, 'CSeq')
  return value.slice(value.indexOf(' ') + 1)
}

/** The number at the start of the user of a request's URI: who is called. NaN where it is none. */
export function calledOf(text: string): number {
  const from = text.indexOf('sip:') + 4
  return Number.parseInt(text.slice(text[from] === '+' ? from + 1 : from, from + 16), 10)
}

/** The number in a Call-ID that was written by `callIdOf` of messages.ts; NaN in any other. */
export function indexOfCallId(text: string, mark: string): number {
  const at = text.indexOf('\r\nCall-ID: ')
  if (at < 0 || text[at + 11] !== mark) return NaN
  return Number.parseInt(text.slice(at + 12, at + 24), 10)
}

/** The URI in a Contact. */
export function uriIn(value: string): string {
  const from = value.indexOf('<')
  return from < 0 ? (value.split(';')[0] ?? '') : value.slice(from + 1, value.indexOf('>', from))
}

/** The value of a member of a JSON body that is a plain string; '' where there is none. */
export function memberOf(body: string, name: string): string {
  const mark = `"${name}":"`
  const at = body.indexOf(mark)
  if (at < 0) return ''
  const from = at + mark.length
  return body.slice(from, body.indexOf('"', from))
}

/** The port of the first stream of an SDP; 0 where there is none. */
export function mediaPortOf(text: string): number {
  const at = text.indexOf('\r\nm=audio ')
  return at < 0 ? 0 : Number.parseInt(text.slice(at + 10, at + 16), 10)
}
