import { z } from 'zod'

/** By which regions a call would go, for operators. */
export const routeView = z.object({
  from: z.object({ trunk: z.string(), gateway: z.string().nullable(), region: z.string().nullable() }),
  media: z.object({ region: z.string().nullable(), reasons: z.array(z.string()).readonly() }),
  legs: z
    .array(
      z.object({
        to: z.string(),
        how: z.enum(['registered', 'push', 'trunk', 'unreachable']),
        gateway: z.string().nullable(),
        region: z.string().nullable(),
        edge: z.string().nullable(),
        reasons: z.array(z.string()).readonly(),
      }),
    )
    .readonly(),
  ending: z.string().nullable(),
})
export type RouteView = z.output<typeof routeView>
