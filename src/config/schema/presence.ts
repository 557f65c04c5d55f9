import { z } from 'zod'
import type { LeafIssue } from './leaf.js'
import { text } from './leaf.js'

/** What a user says of itself, and that it is in a call. */
export const PRESENCE_WORDS = ['available', 'away', 'busy', 'do-not-disturb', 'offline', 'in-call'] as const
export type PresenceWord = (typeof PRESENCE_WORDS)[number]

const EXPECTED = `one of ${PRESENCE_WORDS.join(', ')}, or a list of them`

/** One word, or a list of which one is enough. */
export const presenceWords: z.ZodType<readonly PresenceWord[]> = z
  .unknown()
  .transform((value, context): readonly PresenceWord[] => {
    const given: readonly unknown[] = Array.isArray(value) ? value : [value]
    const words = given.flatMap((each) => PRESENCE_WORDS.find((word) => word === each) ?? [])
    if (given.length > 0 && words.length === given.length) return words
    const params: LeafIssue = { got: given.find((each) => !PRESENCE_WORDS.some((word) => word === each)) }
    const message = value === undefined ? `is required: ${EXPECTED}` : `expected ${EXPECTED}`
    context.addIssue({ code: 'custom', message, params: { ...params } })
    return z.NEVER
  })
  .meta({
    anyOf: [
      { enum: [...PRESENCE_WORDS] },
      { type: 'array', minItems: 1, items: { enum: [...PRESENCE_WORDS] } },
    ],
  })

/** Whose lamps a user's phone may show. */
export const watched = z.array(text('the name of a user, or "*"'))
