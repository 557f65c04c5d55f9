import { z } from 'zod'
import type { ConnectionData } from '../../ports/invitations.js'

/** Deeper data is nobody's connection data, and what walks through it would run out of stack. */
const DEEPEST = 32

/** Any JSON: of one side of an invitation, for the other. */
export const connectionData = z
  .unknown()
  .refine((value) => value !== undefined, 'missing')
  .refine((value) => isShallow(value), `deeper than ${String(DEEPEST)} levels`)
  .transform((value) => value as ConnectionData)

/** Level by level: by recursion it would itself be what it guards against. */
function isShallow(value: unknown): boolean {
  let level: readonly unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return false
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? (Object.values(each) as unknown[]) : [],
    )
  }
  return true
}
