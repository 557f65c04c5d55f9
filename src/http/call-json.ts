import { z } from 'zod'
import type { CallRefusal, CallView } from '../ports/call-control.js'
import { endingSchema } from './ending.js'
import { Problem } from './problem.js'
import type { ProblemType } from './problem-types.js'
import { instant, iso } from './instant.js'

/** A call as one of its devices sees it. */
export const callSchema = z
  .object({
    id: z.string(),
    state: z
      .enum(['ringing', 'accepted', 'connecting', 'bridged', 'ended'] satisfies CallView['state'][])
      .describe(
        '`ringing`: open to be accepted. `accepted`: the media or SIP of who accepted is awaited. `connecting`: ' +
          'it is there, and is being joined with the caller. `bridged`: they talk. `ended`: see `ending`.',
      ),
    yours: z.boolean().describe('Whether this device is the one that accepted or answered.'),
    caller: z.string().describe('Number or SIP URI.'),
    callerName: z.string().nullable(),
    callee: z.string().describe('The number or user that was called.'),
    startedAt: instant,
    expiresAt: instant
      .nullable()
      .describe(
        'Until when the call can be accepted or, once accepted, connected; null without such a limit.',
      ),
    ending: endingSchema.nullable(),
  })
  .meta({ id: 'Call', description: 'A call as one of its devices sees it.' })
export type CallJson = z.output<typeof callSchema>

/** Problems that a refusal may become. */
export const CALL_PROBLEMS = [
  'token-foreign',
  'call-not-found',
  'call-answered-elsewhere',
  'call-ended',
  'unavailable',
] as const satisfies readonly ProblemType[]

/** @throws Problem for a refusal */
export function callJson(result: CallView | CallRefusal): CallJson {
  if (result.kind === 'refused') throw problemOfRefusal(result)
  const { callId, state, yours, caller, callerName, callee, startedAt, deadline, ending } = result
  return {
    ...{ id: callId, state, yours, caller, callerName, callee, ending },
    startedAt: iso(startedAt),
    expiresAt: deadline === null ? null : iso(deadline),
  }
}

function problemOfRefusal({ why, detail, ending }: CallRefusal): Problem {
  const members = ending === undefined ? {} : { ending }
  switch (why) {
    case 'not-found':
      return new Problem('call-not-found', detail)
    case 'not-invited':
      return new Problem('token-foreign', detail)
    case 'answered-elsewhere':
      return new Problem('call-answered-elsewhere', detail, { members })
    case 'ended':
      return new Problem('call-ended', detail, { members })
    case 'already-answered':
      return new Problem('token-used', detail)
    case 'not-acceptable':
      return new Problem('call-not-acceptable', detail)
    case 'redirect-not-allowed':
      return new Problem('redirect-not-allowed', detail)
    case 'unavailable':
      return new Problem('unavailable', detail, { headers: { 'retry-after': '1' } })
    default:
      return why satisfies never
  }
}
