import { z } from 'zod'
import type { Ending } from '../call/ending.js'

/** The ending of a call as clients see it. */
export const endingSchema = z
  .object({
    cause: z
      .string()
      .describe('Why the call ended. More values may come.')
      .meta({ examples: ['hung-up', 'cancelled', 'no-answer', 'busy', 'declined'] }),
    by: z.enum(['caller', 'callee', 'server'] satisfies Ending['by'][]),
    status: z
      .int()
      .describe('The SIP status that the caller got or would have got; 200 for a call that was connected.'),
    reason: z.string().optional().describe('Value of a SIP Reason header (RFC 3326).'),
    detail: z.string().optional().describe('One sentence.'),
  })
  .meta({ id: 'Ending', description: 'Why and how a call ended.' })
