import { describe, expect, test } from 'vitest'
import { timerDuration, type TimerName } from '../../../../src/embedded/sip/transaction/durations.js'
import { ICT } from '../../../../src/embedded/sip/transaction/ict.js'
import { IST } from '../../../../src/embedded/sip/transaction/ist.js'
import { Machine, step, type MachineTable } from '../../../../src/embedded/sip/transaction/machine.js'
import { NICT } from '../../../../src/embedded/sip/transaction/nict.js'
import { NIST } from '../../../../src/embedded/sip/transaction/nist.js'
import { settingsOf } from '../../../../src/embedded/sip/options.js'
import { TimerSet } from '../../../../src/embedded/sip/timer-set.js'

/** The states gone through on those inputs, and what was done. */
function walk<S extends string, I extends string, T extends I, A extends string>(
  table: MachineTable<S, I, T, A>,
  inputs: readonly I[],
): { state: S; actions: A[] } {
  const actions: A[] = []
  let state = table.initial
  for (const input of inputs) {
    const next = step(table, state, input)
    state = next.state
    actions.push(...next.actions)
  }
  return { state, actions }
}

describe('INVITE client transaction', () => {
  test('repeats the INVITE until something comes back', () => {
    expect(walk(ICT, ['A', 'A'])).toEqual({
      state: 'calling',
      actions: ['send request', 'arm A', 'send request', 'arm A'],
    })
    expect(step(ICT, 'proceeding', 'A').actions).toEqual([])
  })
  test('gives up when nothing comes back', () => {
    expect(walk(ICT, ['B'])).toEqual({ state: 'terminated', actions: ['report timeout'] })
  })
  test('acknowledges a failure, and again when it is repeated', () => {
    expect(walk(ICT, ['1xx', '300-699', '300-699', 'D'])).toEqual({
      state: 'terminated',
      actions: ['deliver response', 'send held CANCEL', 'send ACK', 'deliver response', 'send ACK'],
    })
  })
  test('passes every 2xx up for as long as timer M runs (RFC 6026)', () => {
    expect(walk(ICT, ['2xx', '2xx'])).toEqual({
      state: 'accepted',
      actions: ['deliver response', 'deliver response'],
    })
    expect(walk(ICT, ['1xx', '2xx', '2xx'])).toMatchObject({ state: 'accepted' })
    expect(walk(ICT, ['2xx', 'M', '2xx'])).toMatchObject({
      state: 'terminated',
      actions: ['deliver response'],
    })
  })
  test('cancels by itself when ringing takes longer than timer C', () => {
    expect(walk(ICT, ['1xx', '1xx', 'C']).actions).toEqual([
      'deliver response',
      'send held CANCEL',
      'arm C',
      'deliver response',
      'CANCEL by timer',
    ])
  })
  test('waits only so long for the final response to a cancelled INVITE', () => {
    expect(walk(ICT, ['1xx', 'cancelled', 'X']).actions.slice(-2)).toEqual(['arm X', 'report timeout'])
  })
  test('a lost connection matters only before the final response', () => {
    expect(walk(ICT, ['1xx', 'transport error']).actions).toContain('report transport error')
    expect(walk(ICT, ['2xx', 'transport error'])).toMatchObject({ state: 'accepted' })
  })
})

describe('other client transactions', () => {
  test('repeat the request until the final response, provisional or not', () => {
    expect(walk(NICT, ['E', '1xx', 'E', '200-699', 'E'])).toEqual({
      state: 'completed',
      actions: ['send request', 'arm E', 'deliver response', 'send request', 'arm E', 'deliver response'],
    })
  })
  test('absorb repeated final responses until timer K', () => {
    expect(walk(NICT, ['200-699', '200-699', 'K'])).toEqual({
      state: 'terminated',
      actions: ['deliver response'],
    })
  })
  test('give up at timer F', () => {
    for (const before of [[], ['1xx']] as const) {
      expect(walk(NICT, [...before, 'F']).actions.at(-1)).toBe('report timeout')
    }
  })
})

describe('INVITE server transaction', () => {
  test('says 100 when its user has said nothing for 200 ms', () => {
    expect(timerDuration('100', settingsOf({ listen: [] }).timers, true, 0)).toBe(200)
    expect(walk(IST, ['100', '1xx', 'INVITE']).actions).toEqual([
      'send 100',
      'send response',
      'repeat response',
    ])
    expect(step(IST, 'proceeding', '100').actions).toEqual([])
  })
  test('says 100 at once to an INVITE that is repeated before that', () => {
    expect(walk(IST, ['INVITE', 'INVITE']).actions).toEqual(['send 100', 'repeat response'])
  })
  test('answers a repeated INVITE with its last response', () => {
    expect(walk(IST, ['1xx', 'INVITE', '300-699', 'INVITE']).actions).toEqual([
      'send response',
      'repeat response',
      'send response',
      'repeat response',
    ])
  })
  test('repeats a failure until its ACK', () => {
    expect(walk(IST, ['300-699', 'G', 'G', 'ACK', 'G', 'ACK', 'I'])).toEqual({
      state: 'terminated',
      actions: ['send response', 'repeat response', 'arm G', 'repeat response', 'arm G'],
    })
  })
  test('leaves the repeating of a 2xx to its user, and absorbs the INVITE (RFC 6026)', () => {
    expect(walk(IST, ['2xx', 'INVITE', '2xx', 'L'])).toEqual({
      state: 'terminated',
      actions: ['send response', 'send response'],
    })
  })
  test('gives up on an ACK that never comes', () => {
    expect(walk(IST, ['300-699', 'H'])).toMatchObject({ state: 'terminated' })
  })
})

describe('other server transactions', () => {
  test('say nothing to a repeated request before there is an answer', () => {
    expect(walk(NIST, ['request', '200-699', 'request', 'J'])).toEqual({
      state: 'terminated',
      actions: ['send response', 'repeat response'],
    })
  })
  test('send one final response only', () => {
    expect(walk(NIST, ['200-699', '200-699']).actions).toEqual(['send response'])
  })
})

describe('timers', () => {
  const { timers } = settingsOf({ listen: [], timers: { t1: 500 } })
  const ms = (name: TimerName, reliable: boolean, repeat = 0) => timerDuration(name, timers, reliable, repeat)

  test('A doubles without end, E and G double up to T2', () => {
    expect([0, 1, 2, 5].map((n) => ms('A', false, n))).toEqual([500, 1000, 2000, 16000])
    expect([0, 1, 2, 3, 9].map((n) => ms('E', false, n))).toEqual([500, 1000, 2000, 4000, 4000])
    expect(ms('G', false, 9)).toBe(4000)
  })
  test('nothing is repeated on a reliable transport, and nothing waited for', () => {
    for (const name of ['A', 'E', 'G'] as const) expect(ms(name, true)).toBeUndefined()
    for (const name of ['D', 'I', 'J', 'K'] as const) expect(ms(name, true)).toBe(0)
  })
  test('are those of RFC 3261 table 4', () => {
    expect({
      B: ms('B', false),
      D: ms('D', false),
      I: ms('I', false),
      J: ms('J', false),
      L: ms('L', true),
    }).toEqual({
      B: 32000,
      D: 32000,
      I: 5000,
      J: 32000,
      L: 32000,
    })
  })

  test('belong to their state: leaving it stops them, and only a timer of both states runs on', () => {
    const set = new TimerSet(() => undefined)
    const machine = new Machine(NICT, {
      timers: set,
      duration: () => 60_000,
      perform: () => undefined,
      entered: () => undefined,
    })
    machine.begin()
    expect(set.size).toBe(2)
    machine.handle('1xx')
    expect(set.size).toBe(2)
    machine.handle('200-699')
    expect(set.size).toBe(1)
    machine.handle('K')
    expect(set.size).toBe(0)
  })

  test('a timer of no length leads on at once', () => {
    const entered: string[] = []
    const set = new TimerSet(() => undefined)
    const machine = new Machine(NIST, {
      timers: set,
      duration: () => 0,
      perform: () => undefined,
      entered: (state) => entered.push(state),
    })
    machine.begin()
    machine.handle('200-699')
    expect(entered).toEqual(['trying', 'terminated'])
    expect(set.size).toBe(0)
  })
})
