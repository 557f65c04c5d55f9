import { describe, expect, it } from 'vitest'
import type { Ending } from '../../src/call/ending.js'
import { createObserver } from '../../src/observe/observer.js'
import type { Timeline } from '../../src/observe/timeline.js'
import type { CallEventRecord, CallRecord } from '../../src/ports/store.js'
import { RecordingLog } from '../wake/recording-log.js'
import { hungUp, record, START, wokenCall } from './support/course.js'

function observed() {
  const log = new RecordingLog()
  const saved: CallRecord[] = []
  const recorded: CallEventRecord[] = []
  const counted: { ending: Ending; timeline: Timeline }[] = []
  const refused: number[] = []
  const leaked: number[] = []
  const observer = createObserver({
    journal: { save: (call) => void saved.push(call), record: (event) => void recorded.push(event) },
    metrics: {
      ended: (ending, timeline) => void counted.push({ ending, timeline }),
      refused: (status) => void refused.push(status),
      leaked: (legs) => void leaked.push(legs),
    },
    log,
  })
  return { observer, log, saved, recorded, counted, refused, leaked }
}

const ended = record('c1', { answeredAt: START + 3_020_000, endedAt: START + 9_001_000, ending: hungUp })

describe('the observer of calls', () => {
  it('hands every row and every event to the journal', () => {
    const { observer, saved, recorded } = observed()
    observer.call(record())
    for (const event of wokenCall()) observer.happened(event)
    observer.call(ended)
    expect(saved).toEqual([record(), ended])
    expect(recorded).toEqual(wokenCall())
  })

  it('counts a call once, with its timeline, and logs one line of it', () => {
    const { observer, log, counted } = observed()
    for (const event of wokenCall()) observer.happened(event)
    observer.call(ended)
    observer.call(ended)
    observer.released('c1', [])
    expect(counted).toHaveLength(1)
    expect(counted[0]).toMatchObject({ ending: hungUp, timeline: { stages: { bridged: 3_020_000 } } })
    expect(log.at('info')).toEqual([
      {
        level: 'info',
        message: 'call ended',
        fields: {
          callId: 'c1',
          from: '+15550001',
          to: '7000',
          user: 'alice',
          trunk: 'carrier',
          client: null,
          cause: 'hung-up',
          by: 'caller',
          status: 200,
          reason: undefined,
          detail: undefined,
          waitMs: 3020,
          talkMs: 5981,
          pushMs: 18.75,
          wakeMs: 498.75,
        },
      },
    ])
    expect(log.at('debug')).toHaveLength(wokenCall().length)
  })

  it('keeps calls apart', () => {
    const { observer, counted } = observed()
    const [first, second] = [wokenCall('c1'), wokenCall('c2').filter(({ type }) => type !== 'push-sent')]
    first.forEach((event, index) => {
      observer.happened(event)
      const other = second[index]
      if (other !== undefined) observer.happened(other)
    })
    observer.call({ ...ended, id: 'c2' })
    observer.call(ended)
    expect(counted.map(({ timeline }) => timeline.stages.push_sent)).toEqual([undefined, 1250])
  })

  it('warns of legs that never closed', () => {
    const { observer, log, leaked } = observed()
    observer.released('c1', ['d1', 'd2'])
    expect(log.at('warn')).toEqual([
      { level: 'warn', message: 'legs of a call never closed', fields: { callId: 'c1', legs: ['d1', 'd2'] } },
    ])
    expect(leaked).toEqual([2])
  })

  it('counts and logs an INVITE that was refused', () => {
    const { observer, log, refused } = observed()
    observer.refused(403, 'no trunk for 192.0.2.1')
    expect(refused).toEqual([403])
    expect(log.at('info')).toMatchObject([{ fields: { status: 403, why: 'no trunk for 192.0.2.1' } }])
  })

  it('never throws into a call: a fault of its own is logged', () => {
    const log = new RecordingLog()
    const fail = () => {
      throw new Error('broken')
    }
    const observer = createObserver({
      journal: { save: fail, record: fail },
      metrics: { ended: fail, refused: fail, leaked: fail },
      log,
    })
    observer.call(ended)
    observer.happened({ callId: 'c1', seq: 0, at: START, type: 'invited', data: null })
    observer.refused(403, 'x')
    observer.released('c1', ['d1'])
    expect(log.at('error').map(({ fields }) => fields['what'])).toEqual([
      'call',
      'happened',
      'refused',
      'released',
    ])
  })
})
