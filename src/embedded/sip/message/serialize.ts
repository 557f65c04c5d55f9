import { fullName } from './names.js'
import type { SipMessage } from './message.js'

/** Start line and header lines, ended by the empty line. Content-Length is always the length of the body in bytes. */
function head(message: SipMessage): string {
  let text =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0\r\n`
      : `SIP/2.0 ${message.status} ${message.reason}\r\n`
  for (const field of message.headers.fields) {
    if (field.key !== 'content-length') text += `${fullName(field.name)}: ${field.value}\r\n`
  }
  return `${text}Content-Length: ${message.body.length}\r\n\r\n`
}

/** The bytes of a message for the wire. */
export function serialize(message: SipMessage): Buffer {
  const headBytes = Buffer.from(head(message), 'utf8')
  return message.body.length === 0 ? headBytes : Buffer.concat([headBytes, message.body])
}

/** The text of a message for an app: the wire protocol of drachtio is UTF-8. */
export function toText(message: SipMessage): string {
  return head(message) + message.body.toString('utf8')
}
