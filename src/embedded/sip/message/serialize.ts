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
  const headBytes = Buffer.from(head(message, body.length), 'utf8')
  return body.length === 0 ? headBytes : Buffer.concat([headBytes, body])
}

/** The text of a message for an app: the wire protocol of drachtio is UTF-8. */
export function toText(message: SipMessage): string {
  const { body } = message
  return head(message, body.length) + body.toString('utf8')
}
