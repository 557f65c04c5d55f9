import { describe, expect, it } from 'vitest'
import { intervalsOf, talkOf } from '../../src/observe/intervals.js'
import { timelineOf } from '../../src/observe/timeline.js'
import { renderTimeline } from '../../src/observe/timeline-text.js'
import { arrival, hungUp, journalOf, START, wokenCall } from './support/course.js'

describe('the timeline of a call', () => {
  it('has every stage of a woken call in microseconds since the INVITE, and the ending', () => {
    expect(timelineOf(wokenCall())).toEqual({
      startedAt: START,
      stages: {
        invite: 0,
        push_sent: 1250,
        push_acknowledged: 20_000,
        registered: 500_000,
        dialled: 500_500,
        ringing: 530_000,
        answered: 3_000_000,
        bridged: 3_020_000,
        ended: 9_001_000,
      },
      ending: hungUp,
    })
  })

  it('follows the device that answered, not those that were tried before it', () => {
    const { stages } = timelineOf(
      journalOf('c1', [
        [0, 'invited'],
        [1, 'push-sent', { attempt: 'a1', deviceId: 'tablet' }],
        [2, 'push-sent', { attempt: 'a2', deviceId: 'phone' }],
        [10, 'push-delivered', { attempt: 'a1' }],
        [15, 'push-delivered', { attempt: 'a2' }],
        [100, 'registered', arrival('tablet')],
        [101, 'dialled', { dial: 'd1', attempt: 'a1' }],
        [110, 'dial-progressed', { dial: 'd1', status: 180 }],
        [200, 'registered', arrival('phone')],
        [201, 'dialled', { dial: 'd2', attempt: 'a2' }],
        [220, 'dial-progressed', { dial: 'd2', status: 180 }],
        [300, 'dial-answered', { dial: 'd2' }],
        [300, 'cancelled', { dial: 'd1', reason: 'elsewhere' }],
        [310, 'connected'],
      ]),
    )
    expect(stages).toEqual({
      invite: 0,
      push_sent: 2000,
      push_acknowledged: 15_000,
      registered: 200_000,
      dialled: 201_000,
      ringing: 220_000,
      answered: 300_000,
      bridged: 310_000,
    })
  })

  it('takes the REGISTER that released the INVITE, where the phone registers more than once', () => {
    const { stages } = timelineOf(
      journalOf('c1', [
        [0, 'invited'],
        [1, 'push-sent', { attempt: 'a1', deviceId: 'phone' }],
        [50, 'registered', arrival('phone')],
        [50, 'dialled', { dial: 'd1', attempt: 'a1' }],
        [60, 'dial-failed', { dial: 'd1', status: 503 }],
        [70, 'registered', arrival('desk')],
        [90, 'registered', arrival('phone')],
        [90, 'dialled', { dial: 'd2', attempt: 'a1' }],
        [99, 'registered', arrival('phone')],
        [120, 'dial-answered', { dial: 'd2' }],
      ]),
    )
    expect(stages).toMatchObject({ registered: 90_000, dialled: 90_000, answered: 120_000 })
  })

  it('shows a phone that registers by itself, without a push, where its REGISTER released the INVITE', () => {
    const lines = [
      [0, 'invited'],
      [1, 'registered', { deviceId: null, bindingId: 'b-desk' }],
      [1, 'dialled', { dial: 'd1', attempt: 'a1' }],
    ] as const
    expect(timelineOf(journalOf('c1', lines)).stages).toEqual({ invite: 0, registered: 1000, dialled: 1000 })
  })

  it('shows no REGISTER for a live binding that was dialled at once', () => {
    const lines = [
      [0, 'invited'],
      [1, 'registered', arrival('tablet')],
      [2, 'routed', { destinations: 1 }],
      [2, 'dialled', { dial: 'd1', attempt: 'a1' }],
      [9, 'dial-progressed', { dial: 'd1', status: 183 }],
    ] as const
    expect(timelineOf(journalOf('c1', lines)).stages).toEqual({ invite: 0, dialled: 2000, ringing: 9000 })
  })

  it('counts nothing that comes after the ending', () => {
    const { stages, ending } = timelineOf(
      journalOf('c1', [
        [0, 'invited'],
        [2, 'dialled', { dial: 'd1', attempt: 'a1' }],
        [5, 'caller-cancelled'],
        [5, 'ended', { cause: 'cancelled', by: 'caller', status: 487, reason: 'SIP;cause=487' }],
        [6, 'dial-answered', { dial: 'd1' }],
      ]),
    )
    expect(stages).toEqual({ invite: 0, dialled: 2000, ended: 5000 })
    expect(ending).toEqual({ cause: 'cancelled', by: 'caller', status: 487, reason: 'SIP;cause=487' })
  })

  it('is empty for a journal without the INVITE', () => {
    expect(timelineOf(wokenCall().slice(1))).toEqual({ startedAt: null, stages: {}, ending: null })
  })

  it('reads as one line a stage, with the time since the INVITE and since the line before', () => {
    const text = renderTimeline(timelineOf(wokenCall()))
    const lines = text.split('\n').map((line) => line.replace(/ +/g, ' '))
    expect(lines).toEqual([
      'INVITE 0.000 ms',
      'push sent 1.250 ms +1.250',
      'push acknowledged 20.000 ms +18.750',
      'registered 500.000 ms +480.000',
      'dialled 500.500 ms +0.500',
      'ringing 530.000 ms +29.500',
      'answered 3000.000 ms +2470.000',
      'bridged 3020.000 ms +20.000',
      'ended 9001.000 ms +5981.000 hung-up by caller, 200',
    ])
  })
})

describe('the intervals of a call', () => {
  it('are those between stages that the call came to', () => {
    expect(Object.fromEntries(intervalsOf(timelineOf(wokenCall())))).toEqual({
      invite_to_push_sent: 1250,
      push_sent_to_push_acknowledged: 18_750,
      push_sent_to_registered: 498_750,
      registered_to_dialled: 500,
      dialled_to_ringing: 29_500,
      answered_to_bridged: 20_000,
      invite_to_bridged: 3_020_000,
      wait: 3_020_000,
    })
    expect(talkOf(timelineOf(wokenCall()))).toBe(5_981_000)
  })

  it('count the wait of a caller that nobody answered up to the ending', () => {
    const timeline = timelineOf(
      journalOf('c1', [
        [0, 'invited'],
        [30_000, 'ended', { cause: 'no-answer', by: 'server', status: 480 }],
      ]),
    )
    expect(Object.fromEntries(intervalsOf(timeline))).toEqual({ wait: 30_000_000 })
    expect(talkOf(timeline)).toBeUndefined()
  })

  it('are never negative, where a phone rings before it is pushed', () => {
    const intervals = intervalsOf({
      startedAt: START,
      stages: { invite: 0, registered: 10, push_sent: 20 },
      ending: null,
    })
    expect([...intervals.keys()]).toEqual(['invite_to_push_sent'])
  })
})

describe('the stages of other ways to a device', () => {
  it('have the accept, and the leg that the device opened as its answer', () => {
    const lines = [
      [0, 'invited'],
      [1, 'push-sent', { attempt: 'a1', deviceId: 'd-1' }],
      [1.1, 'push-sent', { attempt: 'a2', deviceId: 'd-2' }],
      [5, 'accepted', { attempt: 'a2' }],
      [9, 'leg-arrived', { leg: 'i1', attempt: 'a2' }],
      [9.5, 'connected'],
    ] as const
    expect(timelineOf(journalOf('c1', lines)).stages).toEqual({
      ...{ invite: 0, push_sent: 1100, accepted: 5000, answered: 9000, bridged: 9500 },
    })
  })

  it('begin with the report of a cell phone, where the caller came after it', () => {
    const lines = [
      [0, 'reported'],
      [1, 'push-sent', { attempt: 'a1', deviceId: 'd-1' }],
      [2, 'push-delivered', { attempt: 'a1' }],
      [2.1, 'instructed'],
      [8, 'forwarded'],
    ] as const
    expect(timelineOf(journalOf('c1', lines))).toMatchObject({
      startedAt: expect.any(Number) as number,
      stages: { reported: 0, push_sent: 1000, push_acknowledged: 2000, instructed: 2100, forwarded: 8000 },
    })
  })
})
