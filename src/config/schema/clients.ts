import { z } from 'zod'
import { duration, flag, oneOf } from './leaf.js'
import { redirect } from './redirect.js'
import { section } from './section.js'
import { noAnswer, presenceRule } from './targets.js'

/** How whoever has devices is called, a user or a client of its own. */
export const calledKeys = {
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
  when: z
    .array(presenceRule)
    .prefault([])
    .describe(
      'Where a call goes in the stead of the devices, by presence; the first rule that holds counts.',
    ),
  'no-answer': noAnswer.optional().describe('Where a call goes that nobody answered.'),
}

/** Client applications that are called by a name that no user has: tokens with the grant `incoming` make them. */
export const clients = section(calledKeys)
