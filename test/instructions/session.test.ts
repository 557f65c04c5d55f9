import { afterEach, describe, expect, test } from 'vitest'
import { ending } from '../../src/call/ending.js'
import { performed, rung, type Site, siteOf, START, toOf } from './support/site.js'

let site: Site | undefined

afterEach(() => site?.close())

/** Instructions in the file: these verbs of `main`, and other sources. */
function session(verbs: readonly string[], others = '', call = {}) {
  const list = verbs.map((verb) => `        - ${verb}\n`).join('')
  site = siteOf(`  sources:\n    main:\n      do:\n${list}${others}`)
  return site.session(call)
}

const BUSY = ending('busy', 'callee')

describe('instructions in the file', () => {
  test('route a call by the digits that are dialled', async () => {
    const menu =
      'gather: {timeout: 3s, prompts: [{play: {tone: ringback}}], choices: {"1": sales, "2": desk}}'
    const others = `
    sales: {do: [{ring: {to: [{user: alice}, {user: bob}], timeout: 20s, caller-id: "+15559000"}}]}
    desk: {do: [{ring: {to: [{number: "7001"}]}}]}
`
    const call = session([menu, 'reject: {reason: busy}'], others)
    const first = await call.next(START)
    expect(first).toEqual({
      ...{ kind: 'perform', answer: true, next: { kind: 'instructions', name: 'main', step: 1 } },
      performance: {
        ...{ kind: 'gather', prompts: [{ kind: 'tone', name: 'ringback' }], times: 1 },
        ...{ maxDigits: 1, finishOn: '#', timeoutMs: 3000 },
      },
      limitMs: 5000 + 6000 + 2000,
    })
    expect(await call.next(performed('1'))).toEqual({
      kind: 'ring',
      ring: {
        to: [
          { kind: 'user', user: 'alice' },
          { kind: 'user', user: 'bob' },
        ],
        ...{ ringMs: 20_000, callerId: '+15559000', answerFirst: false, unless: [], trunk: 'pstn' },
        ...{ otherwise: { kind: 'outcome' }, goesOn: null },
      },
    })
    // Another call; what nobody chose goes on with the next verb, and an answered caller cannot be refused any more.
    const other = site!.session()
    await other.next(START)
    expect(await other.next(performed('9'))).toMatchObject({
      kind: 'end',
      ending: { cause: 'hung-up', by: 'server' },
    })
  })

  test('ring one after another, and go on once nobody took the call', async () => {
    const call = session([
      'ring: {to: [{user: alice}, {user: bob}], strategy: in-turn}',
      'reject: {status: 480}',
    ])
    const alice = await call.next(START)
    expect(toOf(alice)).toEqual(['alice'])
    const here = { kind: 'instructions', name: 'main', step: 1 }
    expect(alice).toMatchObject({ ring: { otherwise: { kind: 'target', target: here }, goesOn: here } })
    expect(toOf(await call.next(rung(BUSY)))).toEqual(['bob'])
    expect(await call.next(rung(ending('no-answer', 'server')))).toMatchObject({
      kind: 'end',
      ending: { status: 480, by: 'server' },
    })
  })

  test('leave those alone who are still to be rung where one has talked', async () => {
    const call = session(['ring: {to: [{user: alice}, {user: bob}], strategy: in-turn}', 'pause: 1s'])
    await call.next(START)
    expect(await call.next(rung(ending('hung-up', 'callee'), 4000))).toMatchObject({
      kind: 'perform',
      answer: false,
      performance: { kind: 'pause', ms: 1000 },
    })
  })

  test('end with the last of those in turn as a call without instructions would', async () => {
    const call = session(['ring: {to: [{user: alice}, {user: bob}], strategy: in-turn}'])
    expect(await call.next(START)).toMatchObject({ ring: { otherwise: { kind: 'target' }, goesOn: null } })
    expect(await call.next(rung(BUSY))).toMatchObject({
      ring: { otherwise: { kind: 'outcome' }, goesOn: null },
    })
  })

  test.each([
    ['are refused with busy', 'reject: {reason: busy}', { cause: 'busy', status: 486 }],
    ['are refused', 'reject: {}', { cause: 'declined', status: 603 }],
    ['are refused with a status', 'reject: {status: 404}', { cause: 'not-found', status: 404 }],
    ['are hung up', 'hang-up: {}', { cause: 'no-answer', status: 480 }],
  ])('end calls that have no answer: they %s', async (_what, verb, how) => {
    expect(await session([verb]).next(START)).toMatchObject({ kind: 'end', ending: { by: 'server', ...how } })
  })

  test('hang up on a caller who was answered by others before', async () => {
    const call = session(['reject: {reason: busy}'], '', { answered: true })
    expect(await call.next(START)).toMatchObject({ kind: 'end', ending: { cause: 'hung-up', status: 200 } })
  })

  test('play a tone for as long as they say, to a caller without an answer, too', async () => {
    const call = session(['play: {tone: congestion, for: 4s, answer: false}'])
    expect(await call.next(START)).toMatchObject({
      kind: 'perform',
      ...{ answer: false, limitMs: 4000, performance: { sounds: [{ kind: 'tone', name: 'congestion' }] } },
    })
    expect(await call.next(performed())).toMatchObject({
      kind: 'end',
      ending: { cause: 'no-answer', status: 480 },
    })
  })

  test('that lead back to themselves for ever come to an end', async () => {
    const call = session(['redirect: main'])
    expect(await call.next(START)).toMatchObject({
      kind: 'end',
      ending: {
        cause: 'failed',
        status: 503,
        detail: 'instructions main: the instructions went on for 50 documents',
      },
    })
  })

  test('that go on for ever with verbs come to an end', async () => {
    const call = session([...Array.from({ length: 90 }, () => 'pause: 1s'), 'redirect: main'])
    let next = await call.next(START)
    let steps = 0
    while (next.kind === 'perform') {
      steps++
      next = await call.next(performed())
    }
    expect(steps).toBeGreaterThan(400)
    expect(next).toMatchObject({
      ending: { status: 503, detail: 'instructions main: the instructions went on for 500 verbs' },
    })
  })
})
