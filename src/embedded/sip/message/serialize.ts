import { fullName } from './names.js'
import type { SipMessage } from './message.js'

/** Start line and header lines, ended by the empty line. Content-Length is always the length of the body in bytes. */
function head(message: SipMessage, bodyLength: number): string {
  let text =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0\r\n`
      : `SIP/2.0 ${message.status} ${message.reason}\r\n`
  for (const { key, name, value } of message.headers.fields) {
    if (key !== 'content-length') text += `${fullName(name)}: ${value}\r\n`
  }
  return `${text}Content-Length: ${bodyLength}\r\n\r\n`
}

/** The bytes of a message for the wire. */
export function serialize(message: SipMessage): Buffer {
  const { body } = message
  const text = head(message, body.length)
  const headLength = Buffer.byteLength(text)
  const bytes = Buffer.allocUnsafe(headLength + body.length)
  // As many bytes as characters: all are ASCII, which takes no encoding.
  if (headLength === text.length) bytes.write(text, 'latin1')
  else bytes.write(text, 'utf8')
  bytes.set(body, headLength)
  return bytes
}

/** The text of a message for an app: the wire protocol of drachtio is UTF-8. */
export function toText(message: SipMessage): string {
  const { body } = message
  return head(message, body.length) + body.toString('utf8')
}
