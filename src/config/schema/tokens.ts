import { z } from 'zod'
import { file } from './files.js'
import type { Files } from './files.js'
import { duration, leaf } from './leaf.js'
import { plainName } from './names.js'
import { finished, section, tag } from './section.js'

/** RFC 7518 §3.2: a key of HMAC is at least as long as the hash. */
const SHORTEST_SECRET = 32

const keySecret = leaf((value) => (Buffer.byteLength(value) < SHORTEST_SECRET ? undefined : value), {
  expected: `at least ${String(SHORTEST_SECRET)} characters that nobody can guess`,
  json: { type: ['string', 'number', 'boolean'] },
  secret: true,
})

export function tokens(files: Files) {
  const id = plainName.describe('The kid of the tokens that it signs.')
  const keyFile = file(files).describe('PEM of a private key; of a public one to verify only.')
  const key = z.discriminatedUnion('algorithm', [
    section({ id, algorithm: tag('HS256'), secret: keySecret }),
    section({ id, algorithm: tag('ES256'), 'key-file': keyFile }),
    section({ id, algorithm: tag('EdDSA'), 'key-file': keyFile }),
  ])
  return finished(
    {
      keys: z
        .array(key)
        .prefault([])
        .describe('The first signs, all verify; without any, a secret that the nodes share in the database.'),
      'client-lifetime': duration('s', '1m', '365d')
        .prefault('1d')
        .describe('How long a client token lives that is made without a time of its own.'),
    },
    (value, complain) => {
      value.keys.forEach((one, index) => {
        const first = value.keys.findIndex((other) => other.id === one.id)
        if (first < index) complain('is the id of two keys', 'keys', index, 'id')
      })
      return value
    },
  )
}
