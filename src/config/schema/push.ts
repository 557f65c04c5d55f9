import { z } from 'zod'
import { file } from './files.js'
import type { Files } from './files.js'
import { duration, flag, host, leaf, matching, secret, text, url, whole } from './leaf.js'
import { finished, named, section, tag } from './section.js'

/** The value of a pn-provider parameter (RFC 8599 §8.1) that needs no escapes: RFC 3261's paramchar. */
const provider = matching(
  /^[A-Za-z0-9\-_.!~*'()[\]/:&+$]+$/,
  "a pn-provider name: letters, digits and any of -_.!~*'()[]/:&+$",
)

const timeout = () =>
  duration('s', '100ms', '1m').prefault('5s').describe('How long the service may take for one push.')

const headerName = matching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'the name of an HTTP header')

const headerValue = leaf((value) => (/[\r\n\0]/.test(value) ? undefined : value), {
  expected: 'the value of an HTTP header, on one line',
  json: { type: ['string', 'number', 'boolean'] },
  secret: true,
})

export function push(files: Files) {
  const webhook = section({
    adapter: tag('webhook'),
    url: url('http', 'https').describe('Gets the POST; {token} and {device} in it are filled in.'),
    headers: named(headerName, headerValue),
    timeout: timeout(),
    'ca-file': file(files).optional().describe('PEM of the CA that signed a certificate of your own.'),
  })
  const apns = finished(
    {
      adapter: tag('apns'),
      'key-file': file(files).optional().describe('The .p8 key of the team.'),
      key: secret().optional().describe('The text of the .p8 key, in place of key-file.'),
      'key-id': text(),
      'team-id': text(),
      'bundle-id': text().optional().describe('The app of devices that name none in their pn-param.'),
      topic: text().optional().describe('Where it is not <bundle-id>.voip.'),
      production: flag().prefault(true).describe("false: Apple's sandbox."),
      timeout: timeout(),
      address: host().optional().describe("Stands in for Apple's host."),
      port: whole(1, 65_535).optional(),
      'ca-file': file(files).optional().describe("PEM of the CA that signed the stand-in's certificate."),
    },
    (value, complain) => {
      if ((value.key === undefined) === (value.keyFile === undefined))
        complain('needs one of key-file and key')
      return value
    },
  )
  const fcm = section({
    adapter: tag('fcm'),
    'service-account': file(files).describe("Google's JSON for a service account."),
    timeout: timeout(),
    endpoint: section({ host: host(), port: whole(1, 65_535), 'ca-file': file(files) })
      .optional()
      .describe("Stands in for Google's hosts."),
  })
  return named(provider, z.discriminatedUnion('adapter', [webhook, apns, fcm]))
}
