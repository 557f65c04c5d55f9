import { describe, expect, test } from 'vitest'
import { group, trunk, user } from '../routing/support/site.js'
import { Desk, permitted, SITE } from './support/desk.js'

describe('a call of a client', () => {
  test('to a number outside leaves by the only trunk with a proxy', () => {
    expect(new Desk().target('+12025550123')).toEqual({
      kind: 'outside',
      uri: 'sip:+12025550123@192.0.2.1:5060',
      trunk: 'carrier',
    })
  })

  test('leaves by the trunk of its grant, or else the configured one', () => {
    const trunks = [
      trunk('carrier', { proxy: 'sip:192.0.2.1' }),
      trunk('cheap', { proxy: 'sip:192.0.2.2' }),
      trunk('in-only'),
    ]
    const site = { ...SITE, trunks }
    const by = (desk: Desk, policy = {}) => desk.target('+12025550123', policy)
    expect(by(new Desk({}, site))).toBe('destination-unknown')
    expect(by(new Desk({ trunk: 'cheap' }, site))).toMatchObject({ trunk: 'cheap' })
    expect(by(new Desk({ trunk: 'cheap' }, site), { trunk: 'carrier' })).toMatchObject({ trunk: 'carrier' })
    expect(by(new Desk({ trunk: 'cheap' }, site), { trunk: 'in-only' })).toBe('destination-unknown')
    expect(by(new Desk({ trunk: 'cheap' }, site), { trunk: 'gone' })).toBe('destination-unknown')
  })

  test('to a number or name of ours stays within', () => {
    const desk = new Desk({ calls: 10 })
    expect(desk.target('+15551002')).toEqual({ kind: 'user', user: 'bob' })
    expect(desk.target('7002')).toEqual({ kind: 'user', user: 'bob' })
    expect(desk.target('bob')).toEqual({ kind: 'client', client: 'bob' })
    expect(desk.target('client:tablet')).toEqual({ kind: 'client', client: 'tablet' })
    expect(desk.target('sales')).toEqual({ kind: 'group', group: 'sales' })
    expect(desk.target('+15551500')).toEqual({ kind: 'group', group: 'sales' })
  })

  test('goes where it is allowed to, by name or by number', () => {
    const desk = new Desk()
    expect(desk.target('bob', { to: ['+1*'] })).toBe('destination-not-allowed')
    expect(desk.target('+15551002', { to: ['user:bob'] })).toEqual({ kind: 'user', user: 'bob' })
    expect(desk.target('+15551500', { to: ['user:bob'] })).toBe('destination-not-allowed')
    expect(desk.target('+15551500', { to: ['group:*'] })).toEqual({ kind: 'group', group: 'sales' })
    expect(desk.target('+442079460000', { to: ['+1*'] })).toBe('destination-not-allowed')
    expect(desk.target('+442079460000', { to: [] })).toBe('destination-not-allowed')
  })

  test('takes a route that names numbers, and none that is for all of them', () => {
    const routes = [
      { match: '7*', to: { kind: 'group', group: 'sales' } },
      { match: '+1900*', to: { kind: 'status', status: 403 } },
      { match: '*', to: { kind: 'user', user: 'alice' } },
    ] as const
    const desk = new Desk({}, { ...SITE, routes })
    expect(desk.target('7999')).toEqual({ kind: 'group', group: 'sales' })
    expect(desk.target('+19005550123')).toEqual({ kind: 'number', number: '+19005550123' })
    expect(desk.target('+12025550123')).toMatchObject({ kind: 'outside' })
  })

  test('does not leave by a route through another trunk than that of its grant', () => {
    const to = { kind: 'outside', uri: 'sip:x@192.0.2.9', trunk: 'dear' } as const
    const trunks = [trunk('carrier', { proxy: 'sip:192.0.2.1' }), trunk('dear', { proxy: 'sip:192.0.2.9' })]
    const desk = new Desk({}, { ...SITE, trunks, routes: [{ match: '+44*', to }] })
    expect(desk.target('+442079460000')).toEqual(to)
    expect(desk.target('+442079460000', { trunk: 'carrier' })).toMatchObject({ trunk: 'carrier' })
  })

  test('without a grant goes nowhere, and is told which one is missing', () => {
    const desk = new Desk()
    const request = { user: 'alice', to: 'bob', callerId: undefined, name: null, policy: undefined }
    expect(desk.permit(request)).toBe('grant-missing')
  })

  test('that is refused is logged and counted', () => {
    const desk = new Desk({ block: ['+1900*'] })
    expect(desk.target('+19005550123')).toBe('destination-blocked')
    expect(desk.refusals).toEqual(['destination-blocked'])
    expect(desk.log.at('warn')).toMatchObject([
      { fields: { client: 'alice', to: '+19005550123', why: 'destination-blocked' } },
    ])
  })
})

describe('whom the callee sees', () => {
  test('is the name of the client within', () => {
    expect(permitted(new Desk().ask('bob'))).toMatchObject({
      called: 'bob',
      client: 'alice',
      identity: { user: 'alice', name: 'Alice Ames' },
    })
  })

  test('is its own number outside, which a trunk that trusts us is told as well', () => {
    expect(permitted(new Desk().ask('+12025550123'))).toMatchObject({
      identity: { user: '+15551001', name: 'Alice Ames' },
      asserted: '+15551001',
    })
  })

  test('is the first number of the grant, or one that it asks for and has', () => {
    const policy = { callerIds: ['+15557000', '+15557001'] }
    const desk = new Desk()
    const shown = (callerId?: string) => desk.ask('+12025550123', policy, { callerId, name: 'Shop' })
    expect(shown()).toMatchObject({ identity: { user: '+15557000', name: 'Shop' }, asserted: '+15557000' })
    expect(shown('001 5557001')).toMatchObject({ identity: { user: '+15557001' }, asserted: '+15557001' })
    expect(shown('+15551001')).toMatchObject({ identity: { user: '+15551001' } })
    expect(shown('+15559999')).toBe('caller-id-not-allowed')
    expect(shown('bob')).toBe('caller-id-not-allowed')
  })

  test('is nobody where it asks for that, while the trunk is told the number', () => {
    const outcome = new Desk().ask('+12025550123', {}, { callerId: 'anonymous', name: 'Alice' })
    expect(outcome).toMatchObject({ identity: { user: null, name: null }, asserted: '+15551001' })
  })

  test('is the configured number where it has none, and nobody where there is none', () => {
    const site = { ...SITE, users: [user('alice')] }
    const ask = (desk: Desk) => desk.ask('+12025550123')
    expect(ask(new Desk({ callerId: '+15550001' }, site))).toMatchObject({ asserted: '+15550001' })
    expect(ask(new Desk({}, site))).toMatchObject({ identity: { user: null }, asserted: null })
  })
})

describe('the guards against fraud', () => {
  test('block a number in whichever way it is dialled, for everybody', () => {
    const desk = new Desk({ block: ['+1900*', '0900*'], country: 'US' })
    for (const to of ['+19002345678', '001 900 234 5678', '19002345678', '0900123', 'tel:+1-900-234-5678']) {
      expect(desk.target(to)).toBe('destination-blocked')
    }
  })

  test.each([
    ['+53*', 'US', '01153212345678'],
    ['+53*', 'US', '0115391234567'],
    ['+53*', 'US', '01100535391234567'],
    ['+53*', 'AU', '0011539123456'],
    ['+53*', 'RU', '8105391234567'],
    ['+1976*', 'US', '9769991234'],
    ['+1976*', 'US', '19769991234'],
    ['+44900*', 'GB', '+440900123456'],
    ['+44900*', 'GB', '+4400900123456'],
    ['+44900*', 'GB', '0900123456'],
    ['+44900*', 'GB', '09001234560000000000'],
    ['+1900*', undefined, '+119002345678'],
    ['+44900*', undefined, '00440900123456'],
  ] as const)('block %s in the country %s also where it is dialled as %s', (pattern, country, to) => {
    const settings = country === undefined ? {} : { country }
    expect(new Desk({ ...settings, block: [pattern] }).target(to)).toBe('destination-blocked')
    expect(new Desk({ ...settings, limits: [{ prefix: pattern, calls: 0 }] }).target(to)).toBe(
      'too-many-calls',
    )
  })

  test('let no number pass that begins like no country', () => {
    const desk = new Desk()
    for (const to of ['+005352345678', '00005352345678', 'tel:+0053-52345678', '+01153523456789']) {
      expect(desk.target(to)).toBe('destination-unknown')
    }
  })

  test('take short numbers for local, and none for the beginning of a country', () => {
    const desk = new Desk({ block: ['+91*', '+1*', '+497*'], country: 'DE' })
    for (const to of ['911', '112', '7000']) {
      expect(desk.target(to)).toMatchObject({ uri: `sip:${to}@192.0.2.1:5060` })
    }
  })

  test('hold the calls at once of a client to what its grant says, or else the configuration', () => {
    const desk = new Desk({ calls: 2 })
    const first = permitted(desk.ask('bob'))
    permitted(desk.ask('bob'))
    expect(desk.ask('bob')).toBe('too-many-calls')
    expect(desk.ask('bob', {}, { user: 'carol' })).toMatchObject({ kind: 'permitted' })
    expect(desk.ask('bob', { calls: 3 })).toMatchObject({ kind: 'permitted' })
    first.done()
    expect(desk.ask('bob')).toBe('too-many-calls')
    first.done()
    expect(desk.ask('bob')).toBe('too-many-calls')
  })

  test('count a call that is over once, and not any more', () => {
    const desk = new Desk({ calls: 1 })
    for (let n = 0; n < 3; n++) permitted(desk.ask('bob')).done()
    expect(desk.ask('bob')).toMatchObject({ kind: 'permitted' })
  })

  test('hold the attempts of a client within a minute, the refused ones too', () => {
    const desk = new Desk({ perMinute: 3 })
    const call = () => desk.ask('+442079460000', { to: ['+1*'] })
    expect([call(), call(), call()]).toEqual(Array(3).fill('destination-not-allowed'))
    expect(desk.ask('bob')).toBe('too-many-attempts')
    expect(desk.ask('bob', {}, { user: 'carol' })).toMatchObject({ kind: 'permitted' })
    desk.clock.advance(59_000)
    expect(desk.ask('bob')).toBe('too-many-attempts')
    desk.clock.advance(1_000)
    expect(desk.ask('bob')).toMatchObject({ kind: 'permitted' })
  })

  test('say when the next attempt is of use', () => {
    const desk = new Desk({ perMinute: 1 })
    const request = { user: 'alice', to: 'bob', callerId: undefined, name: null, policy: { to: ['user:*'] } }
    desk.outgoing.permit(request)
    desk.clock.advance(20_000)
    expect(desk.outgoing.permit(request)).toMatchObject({ why: 'too-many-attempts', retryAfterMs: 40_000 })
  })

  test('hold calls to numbers that begin so, of all clients together', () => {
    const desk = new Desk({ limits: [{ prefix: '+44*', calls: 1 }] })
    const call = (client: string, to = '+442079460000') => desk.ask(to, {}, { user: client })
    const first = permitted(call('alice'))
    expect(call('carol')).toBe('too-many-calls')
    expect(call('carol', '+12025550123')).toMatchObject({ kind: 'permitted' })
    first.done()
    expect(call('carol')).toMatchObject({ kind: 'permitted' })
  })

  test('hold attempts to numbers that begin so, of all clients together', () => {
    const desk = new Desk({
      limits: [
        { prefix: '+44*', perMinute: 2 },
        { prefix: '+447*', calls: 0 },
      ],
    })
    const call = (client: string, to = '+442079460000') => desk.ask(to, {}, { user: client })
    permitted(call('alice')).done()
    expect(call('dave', '+447700900000')).toBe('too-many-calls')
    // A call that another limit refuses takes nobody's turn.
    permitted(call('dave')).done()
    expect(call('carol')).toBe('too-many-attempts')
    desk.clock.advance(60_000)
    expect(call('carol')).toMatchObject({ kind: 'permitted' })
  })

  test('count calls within by no prefix, as a group may have a name that looks like one', () => {
    const site = { ...SITE, groups: [group('44', ['bob'])] }
    const desk = new Desk({ limits: [{ prefix: '+44*', calls: 0 }] }, site)
    expect(desk.ask('group:44')).toMatchObject({ kind: 'permitted' })
  })
})
