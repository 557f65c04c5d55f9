import { expect, test } from 'vitest'
import type { Gather } from '../../src/call/performance.js'
import type { After, Session } from '../../src/instructions/step.js'
import type { MediaEndpoint } from '../../src/ports/media.js'
import { Guidance } from '../../src/runtime/guidance.js'
import { Performances } from '../../src/runtime/performances.js'
import { expectedOrigin } from '../../src/runtime/origin.js'
import { FakeClock } from '../support/fake-clock.js'

const GATHER: Gather = {
  ...{ kind: 'gather', prompts: [], times: 1, maxDigits: 4, finishOn: '#', timeoutMs: 5_000 },
}
const STEP = { kind: 'instructions', name: 'menu', step: 1 } as const

/** A call that is guided by a session which is only told what happens. */
async function guided() {
  const told: After[] = []
  const clock = new FakeClock()
  const session: Session = {
    next(after) {
      told.push(after)
      return Promise.resolve({ kind: 'otherwise', target: STEP })
    },
    ended: () => Promise.resolve(),
  }
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  type Services = ConstructorParameters<typeof Guidance>[0]
  const router = {} as Services['router']
  const services: Services = { clock, log, instructions: { begin: () => session }, router }
  const origin = expectedOrigin('c1', 'g', { number: null, name: null })
  type Call = ConstructorParameters<typeof Guidance>[1]
  const call: Partial<Call> = { id: 'c1', called: '7000', origin }
  const guidance = new Guidance(services, call as Call, {
    state: () => ({ phase: 'new' }),
    concerns: () => undefined,
    deliberating: () => undefined,
  })
  const endpoint: Pick<MediaEndpoint, 'play'> = { play: () => Promise.resolve() }
  const performances = new Performances(clock, 'us')
  await guidance.next({ kind: 'instructions', name: 'menu' }, null, null)
  return {
    /** What the session is told at its next step. */
    async next() {
      await guidance.next(STEP, null, null)
      return told.at(-1)
    },
    begin(id: `p${number}`, media = Promise.resolve(endpoint as MediaEndpoint)) {
      guidance.performing(id)
      return performances.perform(id, GATHER, media).then((result) => guidance.performed(id, result))
    },
    breakOff: (id: `p${number}`) => guidance.performed(id, performances.stop(id)),
    digit: (digit: string) => performances.digit(digit),
  }
}

/** Lets what was resolved be heard of. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('instructions are told the digits that were dialled before the dialling was broken off', async () => {
  const call = await guided()
  const over = call.begin('p1')
  await settle()
  call.digit('1')
  call.digit('2')
  call.breakOff('p1')
  // The next step does not wait for the end of what was broken off.
  expect(await call.next()).toEqual({ kind: 'performed', result: { digits: '12', finished: false } })
  await over
})

test('instructions are not told the digits of one question in answer to the next', async () => {
  const call = await guided()
  const over = call.begin('p1')
  await settle()
  call.digit('1')
  call.breakOff('p1')
  await call.next()
  const later = call.begin('p2')
  // Only now is it heard that the first one is over.
  await over
  await settle()
  call.breakOff('p2')
  expect(await call.next()).toEqual({ kind: 'performed', result: { digits: '', finished: false } })
  await later
})

test('instructions go on where the dialling was broken off before the media stood', async () => {
  const call = await guided()
  const over = call.begin('p1', new Promise(() => undefined))
  call.breakOff('p1')
  expect(await call.next()).toEqual({ kind: 'performed', result: { digits: '', finished: false } })
  void over
})
