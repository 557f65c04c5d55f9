import { z } from 'zod'
import { duration, flag, oneOf, phoneNumber, secret, text } from './leaf.js'
import { redirect } from './redirect.js'
import { section } from './section.js'
import { noAnswer } from './targets.js'

export const user = section({
  name: text().optional().describe('For display.'),
  password: secret().optional().describe('For SIP digest; without one the user cannot register by password.'),
  numbers: z.array(phoneNumber()).prefault([]),
  ring: duration('s', '1s', '10m').prefault('30s').describe('How long a call waits for an answer.'),
  grace: duration('ms', '0ms', '10s')
    .prefault('300ms')
    .describe('How long a registered phone may stay silent before it is pushed.'),
  'second-response': duration('s', '1s', '2m')
    .prefault('15s')
    .describe('How long a device that accepted by API has to bring its leg or its SDP.'),
  late: oneOf('silent', 'invite')
    .prefault('silent')
    .describe('A device that wakes after the end: it asks the API, or gets an INVITE and its CANCEL.'),
  'offer-in-push': flag()
    .prefault(false)
    .describe('The push carries our SDP offer, so that an accept may carry the answer.'),
  redirect: z
    .array(redirect)
    .prefault([])
    .describe('Where this user may send a call by declining it; nowhere by default.'),
  'no-answer': noAnswer.optional().describe('Where a call goes that nobody answered.'),
})
