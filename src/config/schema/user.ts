import { z } from 'zod'
import { calledKeys } from './clients.js'
import { phoneNumber, secret, text } from './leaf.js'
import { calling } from './outgoing.js'
import { watched } from './presence.js'
import { section } from './section.js'

export const user = section({
  name: text().optional().describe('For display.'),
  password: secret().optional().describe('For SIP digest; without one the user cannot register by password.'),
  numbers: z.array(phoneNumber()).prefault([]),
  ...calledKeys,
  watches: watched
    .prefault([])
    .describe('Whose presence the phones of the user may subscribe to by SIP; "*": that of everybody.'),
  outgoing: calling.optional().describe('What the user may call by SIP; nothing by default.'),
})
