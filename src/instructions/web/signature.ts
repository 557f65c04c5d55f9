import { createHmac } from 'node:crypto'

/**
 * The X-Twilio-Signature of a form-encoded request, as Twilio documents it: the URL, followed by name and value of each
 * parameter of a POST body by name in the order of code units; HMAC-SHA1 with the auth token, in base64. Of a GET the
 * URL has the parameters already. Their helper libraries check it.
 */
export function twilioSignature(authToken: string, url: URL, body: Readonly<Record<string, string>>): string {
  const names = Object.keys(body).sort()
  const text = names.reduce((all, name) => `${all}${name}${body[name]}`, bareUrl(url))
  return createHmac('sha1', authToken).update(text, 'utf8').digest('base64')
}

/**
 * The Reveille-Signature of a JSON request: `t=<seconds>,v1=<hex of HMAC-SHA256 over "<seconds>.<body>">`. The time is
 * within, so that a request that somebody kept is known by its age.
 *
 * @param at seconds since the epoch
 */
export function jsonSignature(secret: string, body: string, at: number): string {
  return `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`, 'utf8').digest('hex')}`
}

/** As the application sees it: without credentials and fragment. */
function bareUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search}`
}
