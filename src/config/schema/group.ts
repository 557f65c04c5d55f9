import { z } from 'zod'
import { duration, oneOf, phoneNumber, text } from './leaf.js'
import { finished, section } from './section.js'
import { noAnswer } from './targets.js'

const ring = () => duration('s', '1s', '10m')

const member = section({
  user: text('the name of a user'),
  ring: ring()
    .optional()
    .describe('In turn: how long this member rings, where it is not as long as the others.'),
})

/** Users who are called together. */
export const group = finished(
  {
    numbers: z.array(phoneNumber()).prefault([]),
    members: z
      .array(member)
      .min(1, { error: 'expected at least one member' })
      .max(100, { error: 'expected 100 members at most' }),
    strategy: oneOf('side-by-side', 'in-turn')
      .prefault('side-by-side')
      .describe('All members ring at once, or one after another.'),
    ring: ring()
      .prefault('30s')
      .describe('How long a call waits for an answer: of all of them, or in turn of each.'),
    'no-answer': noAnswer.optional().describe('Where a call goes that no member answered.'),
  },
  (value, complain) => {
    if (value.strategy === 'in-turn') return value
    value.members.forEach((one, index) => {
      if (one.ring === undefined) return
      complain('is of no use with strategy side-by-side', 'members', index, 'ring')
    })
    return value
  },
)
