import { describe, expect, test } from 'vitest'
import { ending } from '../../src/call/ending.js'
import { callerOf, fromHeader } from '../../src/runtime/caller-identity.js'
import { diversionHeaders } from '../../src/runtime/diversion.js'
import { inviteHeaders, sessionTimerHeaders } from '../../src/runtime/invite-headers.js'
import type { CallSettings } from '../../src/runtime/services.js'
import type { SipRequest } from '../../src/ports/signaling.js'

const settings: CallSettings = {
  domain: 'example.net',
  country: 'us',
  api: 'https://api.example.net',
  sessionExpires: 1800,
  minSe: 90,
  userAgent: 'Reveille/test',
}

function invite(headers: Readonly<Record<string, string | readonly string[]>>): SipRequest {
  const all = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat()]))
  return {
    ...{ method: 'INVITE', uri: 'sip:+15551001@example.net', callId: 'c', gateway: 'g', body: '' },
    source: { protocol: 'udp', address: '127.0.0.1', port: 5060 },
    contentType: undefined,
    header: (name) => all.get(name.toLowerCase())?.[0],
    headers: (name) => all.get(name.toLowerCase()) ?? [],
  }
}

const values = (headers: readonly (readonly [string, string])[], name: string) =>
  headers.filter(([each]) => each === name).map(([, value]) => value)

describe('the caller', () => {
  const from = '"Ann" <sip:+15550000@pbx.example>;tag=1'

  test('is who From says', () => {
    expect(callerOf(invite({ From: from }), false)).toEqual({ user: '+15550000', name: 'Ann' })
  })

  test('is who a trusted trunk asserts, and not who an untrusted one asserts', () => {
    const asserted = invite({ From: from, 'P-Asserted-Identity': '<sip:+15557777@carrier>' })
    expect(callerOf(asserted, true)).toEqual({ user: '+15557777', name: 'Ann' })
    expect(callerOf(asserted, false).user).toBe('+15550000')
  })

  test.each(['id', 'user', 'header', 'none;id'])('who asked for privacy "%s" stays unnamed', (privacy) => {
    expect(callerOf(invite({ From: from, Privacy: privacy }), true)).toEqual({ user: null, name: null })
    expect(fromHeader({ user: null, name: null }, 'example.net')).toBe(
      '"Anonymous" <sip:anonymous@anonymous.invalid>',
    )
  })

  test('may have a name that needs quoting', () => {
    expect(fromHeader({ user: '+1', name: 'A "B" C' }, 'example.net')).toBe(
      '"A \\"B\\" C" <sip:+1@example.net>',
    )
  })
})

describe('an INVITE of ours', () => {
  const base = {
    callId: 'id',
    diverted: [],
    target: 'sip:+15551001@example.net',
    settings,
    staysTrusted: false,
    asserted: null,
  }

  test('says one hop less than the one that came', () => {
    const headers = inviteHeaders({ ...base, invite: invite({ 'Max-Forwards': '12' }), trusted: true })
    expect(values(headers, 'Max-Forwards')).toEqual(['11'])
    expect(values(headers, 'X-Call-Id')).toEqual(['id'])
  })

  test('carries an asserted identity only from and to where it is believed', () => {
    const came = { 'P-Asserted-Identity': '<sip:+1@c>', Privacy: 'id' }
    const asserted = (trusted: boolean, staysTrusted: boolean) =>
      values(inviteHeaders({ ...base, invite: invite(came), trusted, staysTrusted }), 'P-Asserted-Identity')
    expect(asserted(true, true)).toEqual(['<sip:+1@c>'])
    expect(asserted(true, false)).toEqual([])
    expect(asserted(false, true)).toEqual([])
  })

  test('leaves every header behind that no rule names', () => {
    const headers = inviteHeaders({
      ...base,
      invite: invite({ 'X-Secret': '1', Route: '<sip:x>' }),
      trusted: true,
    })
    expect(headers.map(([name]) => name)).not.toContain('X-Secret')
    expect(headers.map(([name]) => name)).not.toContain('Route')
  })
})

describe('a call that went on to another target', () => {
  const diverted = [{ uri: 'sip:+15551001@example.net', after: ending('no-answer', 'server') }]

  test('says whom it was for, newest first, and why', () => {
    const headers = diversionHeaders(
      invite({ Diversion: '<sip:old@c>;reason=unconditional' }),
      diverted,
      'sip:bob@x',
      true,
    )
    expect(values(headers, 'Diversion')).toEqual([
      '<sip:+15551001@example.net>;reason=no-answer;counter=1',
      '<sip:old@c>;reason=unconditional',
    ])
  })

  test('continues the index of its history, with 408 for a timeout', () => {
    const came = invite({ 'History-Info': ['<sip:a@c>;index=1', '<sip:b@c>;index=1.1'] })
    expect(values(diversionHeaders(came, diverted, 'sip:bob@x', true), 'History-Info')).toEqual([
      '<sip:a@c>;index=1',
      '<sip:b@c>;index=1.1',
      '<sip:+15551001@example.net?Reason=SIP%3Bcause%3D408>;index=1.1.1',
      '<sip:bob@x>;index=1.1.1.1',
    ])
  })

  test('does not believe the history of an untrusted trunk', () => {
    const headers = diversionHeaders(invite({ Diversion: '<sip:old@c>' }), [], 'sip:bob@x', false)
    expect(headers).toEqual([])
  })
})

describe('the session timer of our 200', () => {
  test.each([
    ['is kept by us where the caller knows none', {}, ['1800;refresher=uas'], []],
    ['is kept by the caller where it can', { Supported: 'timer' }, ['1800;refresher=uac'], ['timer']],
    [
      'follows a shorter wish',
      { Supported: 'timer', 'Session-Expires': '300' },
      ['300;refresher=uac'],
      ['timer'],
    ],
    [
      'follows who is to refresh',
      { Supported: 'timer', 'Session-Expires': '300;refresher=uas' },
      ['300;refresher=uas'],
      [],
    ],
    [
      'is never longer than ours',
      { Supported: 'timer', 'Session-Expires': '9000' },
      ['1800;refresher=uac'],
      ['timer'],
    ],
  ])('%s', (_what, came, expires, required) => {
    const headers = sessionTimerHeaders(invite(came), settings)
    expect(values(headers, 'Session-Expires')).toEqual(expires)
    expect(values(headers, 'Require')).toEqual(required)
  })
})
