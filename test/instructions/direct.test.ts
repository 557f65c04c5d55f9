import { describe, expect, test } from 'vitest'
import { ending } from '../../src/call/ending.js'
import { direct } from '../../src/instructions/direct.js'
import type { After, Next } from '../../src/instructions/step.js'
import type { RingRequest } from '../../src/routing/ring.js'
import { NoRoute, type Routed } from '../../src/routing/router.js'
import { performed, START } from './support/site.js'

const HERE = { kind: 'instructions', name: 'app', step: 1 } as const
const NOT_FOUND = ending('not-found', 'server', { detail: 'no user zoe' })

const ring = (user: string, more: Partial<RingRequest> = {}): Next => ({
  kind: 'ring',
  ring: {
    ...{
      to: [{ kind: 'user', user }],
      ringMs: null,
      callerId: null,
      answerFirst: false,
      unless: [],
      trunk: null,
    },
    ...{ otherwise: { kind: 'target', target: HERE }, goesOn: HERE },
    ...more,
  },
})

const routed = (users: readonly string[]) =>
  ({ plan: { users }, bindings: [], devices: [] }) as unknown as Routed

/** What comes of what a session says, one word after another; only ada is there. */
async function directed(words: readonly Next[], first: After = START) {
  const heard: After[] = []
  const concerned: (readonly string[])[] = []
  const usersOf = (request: RingRequest) =>
    request.to.flatMap((whom) => (whom.kind === 'user' && whom.user === 'ada' ? ['ada'] : []))
  const result = await direct(
    {
      session: {
        next(after) {
          heard.push(after)
          const next = words[heard.length - 1]
          return next === undefined ? Promise.reject(new Error('asked too often')) : Promise.resolve(next)
        },
        ended: () => Promise.resolve(),
      },
      router: {
        usersRung: usersOf,
        ring(request) {
          const users = usersOf(request)
          return users.length === 0 ? Promise.reject(new NoRoute(NOT_FOUND)) : Promise.resolve(routed(users))
        },
        usersOf: (target) => (target.kind === 'user' ? [target.user] : []),
        route: (target) =>
          target.kind === 'user'
            ? Promise.resolve(routed([target.user]))
            : Promise.reject(new NoRoute(NOT_FOUND)),
      },
      concerns: (users) => void concerned.push(users),
    },
    first,
  )
  return { result, heard, concerned }
}

describe('a call that instructions direct', () => {
  test('rings those whom they name, whose registrations it hears of before they are looked up', async () => {
    expect(await directed([ring('ada')])).toEqual({
      result: { kind: 'routed', routed: routed(['ada']) },
      heard: [START],
      concerned: [['ada']],
    })
  })

  test('goes on where nobody is there to be rung', async () => {
    const { result, heard } = await directed([ring('zoe'), ring('ada')])
    expect(result).toMatchObject({ kind: 'routed' })
    expect(heard[1]).toEqual({ kind: 'rung', ending: NOT_FOUND, bridgedMs: 0, to: null })
  })

  test('ends where nobody is there to be rung, and nothing comes after', async () => {
    const last = ring('zoe', { otherwise: { kind: 'outcome' }, goesOn: null })
    expect((await directed([last])).result).toEqual({ kind: 'ended', ending: NOT_FOUND })
  })

  test('performs, and says where it comes back to', async () => {
    const performance = { kind: 'pause', ms: 1000 } as const
    const next = { kind: 'perform', performance, answer: true, limitMs: 3000, next: HERE } as const
    const { result, heard } = await directed([next], performed('1'))
    expect(result).toEqual({ kind: 'directed', performance, answer: true, limitMs: 3000, next: HERE })
    expect(heard).toEqual([performed('1')])
  })

  test('goes where it is said to go otherwise', async () => {
    const next = { kind: 'otherwise', target: { kind: 'user', user: 'bob' } } as const
    expect(await directed([next])).toMatchObject({ result: { kind: 'routed' }, concerned: [['bob']] })
    const gone = { kind: 'otherwise', target: { kind: 'number', number: '1' } } as const
    expect((await directed([gone])).result).toEqual({ kind: 'ended', ending: NOT_FOUND })
  })

  test('ends as they say', async () => {
    const how = ending('busy', 'server')
    expect((await directed([{ kind: 'end', ending: how }])).result).toEqual({ kind: 'ended', ending: how })
  })
})
