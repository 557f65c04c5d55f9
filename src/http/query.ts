import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { Problem } from './problem.js'

/** @throws Problem `bad-request` that names what is wrong */
export function queryOf<T extends z.ZodType>(request: FastifyRequest, schema: T): z.output<T> {
  const parsed = schema.safeParse(request.query)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `
  throw new Problem('bad-request', `${where}${issue?.message ?? 'The query is not understood.'}`)
}

/** A named part of the path. */
export function parameterOf(request: FastifyRequest, name: string): string {
  const value = (request.params as Readonly<Record<string, string | undefined>>)[name]
  if (value === undefined) throw new Error(`the route has no parameter ${name}`)
  return value
}
