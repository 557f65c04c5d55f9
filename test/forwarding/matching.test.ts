import { describe, expect, test } from 'vitest'
import {
  CALLER,
  CELL,
  DID,
  diversion,
  from,
  line,
  matched,
  openCall,
  OTHER_CELL,
  tableOf,
} from './support/site.js'

const alone = tableOf(line(CELL))
/** Two cell phones behind one DID. */
const shared = tableOf(line(CELL), line(OTHER_CELL))
const anonymous = from('sip:anonymous@anonymous.invalid')

describe('the subscriber of a forwarded call', () => {
  test('is the one that the Diversion names', () => {
    const calls = [openCall({ subscriber: OTHER_CELL }), openCall()]
    expect(matched(shared, calls, [diversion(CELL)])).toMatchObject({
      ...{ kind: 'primary', callId: calls[1]?.id, subscriber: CELL },
      by: { subscriber: 'diverting-number', caller: 'number' },
    })
  })

  test.each([
    [
      'the cause is in the new target (RFC 4458)',
      [`<sip:${CELL}@c>;index=1`, `<sip:${DID}@c;cause=486>;index=1.1`],
    ],
    [
      'the new target says what it was mapped from',
      [`<sip:${CELL}@c>;index=1`, `<sip:${DID}@c>;index=1.1;mp=1`],
    ],
    [
      'the old target says what became of it',
      [`<sip:${CELL}@c?Reason=SIP%3Bcause%3D486>;index=1`, `<sip:${DID}@c>;index=1.1`],
    ],
    ['nothing says why', [`<sip:${CELL}@c>;index=1`, `<sip:${DID}@c>;index=1.1`]],
    [
      'the entries come out of order, with a target between that nobody left',
      [
        `<sip:${DID}@c;cause=486>;index=1.2.1`,
        `<sip:${OTHER_CELL}@c>;index=1.1`,
        `<sip:${CELL}@c>;index=1.2`,
      ],
    ],
  ])('is the one that the History-Info names where %s', (_, entries) => {
    const call = openCall()
    const lines = entries.map((entry) => ['history-info', entry] as const)
    expect(matched(shared, [openCall({ subscriber: OTHER_CELL }), call], lines)).toMatchObject({
      ...{ kind: 'primary', callId: call.id },
      by: { subscriber: 'diverting-number' },
    })
  })

  test('is the one that the trunk asserts, where its configuration says so', () => {
    const call = openCall()
    const asserted = ['p-asserted-identity', `<tel:${CELL}>`] as const
    const trunk = { trusted: true, asserts: 'diverting' } as const
    expect(matched(shared, [call], [asserted], { trunk })).toMatchObject({ kind: 'primary', callId: call.id })
    expect(matched(shared, [], [asserted], { trunk })).toEqual({ kind: 'ordinary', subscriber: CELL })
  })

  test('is the one of several who diverted that did so last', () => {
    const lines = [diversion(CELL), diversion(OTHER_CELL)]
    expect(matched(shared, [], lines)).toEqual({ kind: 'ordinary', subscriber: CELL })
  })

  test('is the only one at the DID where the carrier strips Diversion', () => {
    const call = openCall()
    expect(matched(alone, [call])).toMatchObject({
      ...{ kind: 'primary', callId: call.id, by: { subscriber: 'did' } },
    })
  })

  test('is the one whose open call has this caller, where the DID is shared and Diversion stripped', () => {
    const call = openCall({ subscriber: OTHER_CELL })
    const calls = [openCall({ caller: '+12125550111' }), call]
    expect(matched(shared, calls)).toMatchObject({
      kind: 'primary',
      callId: call.id,
      by: { subscriber: 'caller' },
    })
  })

  test('is not known where two subscribers of the DID wait for this caller, or for one that is withheld', () => {
    const unknown = { kind: 'ordinary', subscriber: null }
    expect(matched(shared, [openCall(), openCall({ subscriber: OTHER_CELL })])).toEqual(unknown)
    expect(matched(shared, [openCall({ caller: null })])).toEqual(unknown)
  })

  test('is not taken from the headers of a trunk that is not trusted', () => {
    const trunk = { trusted: false, asserts: 'caller' } as const
    expect(matched(shared, [], [diversion(CELL)], { trunk })).toEqual({ kind: 'ordinary', subscriber: null })
  })

  test('is nobody where the number that was called is no DID', () => {
    expect(matched(alone, [openCall()], [], { called: '+12025550100' })).toEqual({ kind: 'elsewhere' })
  })

  test.each([DID, '12025550199', '0012025550199', '2025550199', '(202) 555-0199'])(
    'is found where the DID is called as %s',
    (called) => expect(matched(alone, [], [], { called })).toMatchObject({ subscriber: CELL }),
  )
})

describe('the caller of a forwarded call', () => {
  const shown = ['+12125550101', '2125550101', '(212) 555-0101', '0012125550101', '12125550101']
  const written = [
    ...['sip:+12125550101@c', 'sip:12125550101@c;user=phone', 'sip:2125550101@c', 'sip:0012125550101@c'],
    ...['tel:+1-212-555-0101', 'tel:2125550101;phone-context=+1', 'sip:5550101;phone-context=+1212@c'],
  ]
  test.each(shown.flatMap((phone) => written.map((uri) => [phone, uri] as const)))(
    'is the one whom the phone showed as %s where From is %s',
    (phone, uri) => {
      const call = openCall({ caller: phone })
      expect(matched(alone, [openCall({ caller: '+12125550109' }), call], [from(uri)])).toMatchObject({
        ...{ kind: 'primary', callId: call.id, by: { caller: 'number' } },
      })
    },
  )

  test('may come from abroad to a phone in another country', () => {
    const german = tableOf(line('+4915123456789'))
    const call = openCall({ subscriber: '+4915123456789', caller: '030 123456' })
    const strange = openCall({ subscriber: '+4915123456789', caller: '0043 1 58858' })
    const calls = [call, strange]
    expect(matched(german, calls, [from('sip:+4930123456@c')])).toMatchObject({ callId: call.id })
    expect(matched(german, calls, [from('sip:43158858@c')])).toMatchObject({ callId: strange.id })
  })

  test('decides between two calls that are open for one subscriber', () => {
    const [first, second] = [openCall({ caller: '+12125550111' }), openCall()]
    expect(matched(alone, [first, second])).toMatchObject({ callId: second.id })
  })

  test('with one number twice is the one whose phone was told to reject first, then the first reported', () => {
    const late = openCall({ instructedAt: null })
    const later = openCall({ instructedAt: null })
    const instructed = openCall()
    expect(matched(alone, [later, late, instructed])).toMatchObject({ callId: instructed.id })
    expect(matched(alone, [later, late])).toMatchObject({ callId: late.id })
    expect(matched(alone, [{ ...late, forwarded: true }, later])).toMatchObject({ callId: later.id })
  })

  test('is withheld both to the phone and to us', () => {
    const call = openCall({ caller: null })
    const privacy = ['privacy', 'id'] as const
    for (const lines of [[anonymous], [privacy]]) {
      expect(matched(alone, [openCall(), call], lines)).toMatchObject({
        ...{ kind: 'primary', callId: call.id, by: { caller: 'withheld' } },
      })
    }
  })

  test('is the only one left where one side alone knows the number', () => {
    const [hidden, known] = [openCall({ caller: null }), openCall()]
    expect(matched(alone, [hidden])).toMatchObject({ callId: hidden.id, by: { caller: 'only-one' } })
    expect(matched(alone, [known], [anonymous])).toMatchObject({
      callId: known.id,
      by: { caller: 'only-one' },
    })
    const waiting = openCall({ instructedAt: null })
    expect(matched(alone, [known, waiting], [anonymous])).toMatchObject({ callId: known.id })
    const other = openCall({ caller: '+12125550111' })
    expect(matched(alone, [known, other], [anonymous])).toEqual({ kind: 'ordinary', subscriber: CELL })
  })

  test('is not known where the carrier puts the cell phone or the DID in its place', () => {
    const call = openCall()
    for (const uri of [`sip:${CELL}@c`, `tel:${DID}`]) {
      expect(matched(alone, [call], [from(uri)])).toMatchObject({
        callId: call.id,
        by: { caller: 'only-one' },
      })
    }
  })

  test('with another number is another one: an ordinary call', () => {
    const calls = [openCall({ caller: '+12125550111' })]
    expect(matched(alone, calls)).toEqual({ kind: 'ordinary', subscriber: CELL })
  })

  test('is asserted by a trusted trunk above From', () => {
    const call = openCall()
    const lines = [from('sip:+12125550111@c'), ['p-asserted-identity', `"Eve" <sip:${CALLER}@c>`]] as const
    expect(matched(alone, [call], lines)).toMatchObject({ callId: call.id, by: { caller: 'number' } })
  })
})

describe('a forwarded call', () => {
  test('with no open primary call, or after the deadline, is an ordinary call to the subscriber', () => {
    expect(matched(alone, [])).toEqual({ kind: 'ordinary', subscriber: CELL })
    expect(matched(shared, [], [diversion(OTHER_CELL)])).toEqual({ kind: 'ordinary', subscriber: OTHER_CELL })
  })

  test('that comes before the instruction is the leg of its primary call', () => {
    const call = openCall({ instructedAt: null })
    expect(matched(alone, [call])).toMatchObject({ kind: 'primary', callId: call.id })
  })

  test('is not joined twice', () => {
    expect(matched(alone, [openCall({ forwarded: true })])).toEqual({ kind: 'ordinary', subscriber: CELL })
  })

  test('of a test comes from the DID, and is not taken for a call of somebody', () => {
    const trial = openCall({ caller: DID, test: true })
    expect(matched(alone, [trial, openCall()], [from(`sip:${DID}@c`)])).toMatchObject({
      callId: trial.id,
      test: true,
    })
    expect(matched(alone, [trial], [from(`sip:${CELL}@c`)])).toMatchObject({ callId: trial.id })
    expect(matched(alone, [trial], [anonymous])).toEqual({ kind: 'ordinary', subscriber: CELL })
  })
})

describe('a forwarding loop is seen', () => {
  test.each([
    ['by Diversion of a secondary', [diversion('+12025550143')]],
    ['where the subscriber diverted to the secondary first', [diversion('2025550143'), diversion(CELL)]],
    [
      'by History-Info of a secondary',
      [['history-info', '<sip:+12025550143@c?Reason=SIP%3Bcause%3D486>;index=1'] as const],
    ],
    ['by a number that diverted twice', [diversion(CELL), diversion(OTHER_CELL), diversion('12025550142')]],
  ])('%s', (_, lines) => {
    expect(matched(shared, [openCall()], lines)).toMatchObject({ kind: 'loop' })
  })

  test('by the id of a call that lives, in X-Call-Id or Call-ID', () => {
    expect(matched(alone, [], [['x-call-id', 'mine']], { live: ['mine'] })).toMatchObject({ kind: 'loop' })
    expect(matched(alone, [], [], { live: ['carrier-1'] })).toMatchObject({ kind: 'loop' })
  })

  test('but not where a subscriber is the secondary of another', () => {
    const both = tableOf(line(CELL), line('+12025550143').replace("0143', t", "0144', t"))
    expect(matched(both, [], [diversion('+12025550143')])).toEqual({
      kind: 'ordinary',
      subscriber: '+12025550143',
    })
  })
})

test('the one who diverted is found among thousands at one DID', () => {
  const numbers = Array.from({ length: 2_000 }, (_, at) => `+1202556${String(1000 + at)}`)
  const many = tableOf(...numbers.map((number) => line(number)))
  const call = openCall({ subscriber: numbers.at(-1) ?? '' })
  expect(matched(many, [call], [diversion(String(numbers.at(-1)?.slice(2)))])).toMatchObject({
    callId: call.id,
  })
})
