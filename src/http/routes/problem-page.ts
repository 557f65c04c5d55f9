import { z } from 'zod'
import { operation } from '../operation.js'
import { Problem } from '../problem.js'
import { isProblemType, PROBLEM_TYPES, type ProblemType } from '../problem-types.js'
import type { Route } from '../route.js'

/** What the type of an error means, for people (RFC 9457 §3.1.1). */
export function problemPage(): Route {
  const get = operation({
    id: 'problemType',
    tag: 'server',
    summary: 'What a type of error means',
    security: 'none',
    params: z.object({ type: z.string() }),
    responses: { 200: { description: 'A page for people.', text: 'text/plain' } },
    problems: ['not-found'],
    handle({ params: { type } }) {
      if (!isProblemType(type)) throw new Problem('not-found', 'There is no such type of error.')
      return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: pageOf(type) }
    },
  })
  return { url: '/problems/:type', methods: { GET: get } }
}

function pageOf(type: ProblemType): string {
  const { status, title, meaning } = PROBLEM_TYPES[type]
  return `${type} (${String(status)} ${title})\n\n${meaning}\n`
}
