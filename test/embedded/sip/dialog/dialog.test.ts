import { describe, expect, test } from 'vitest'
import type { App } from '../../../../src/embedded/sip/control/app.js'
import { Dialog, type DialogInit } from '../../../../src/embedded/sip/dialog/dialog.js'
import { Dialogs } from '../../../../src/embedded/sip/dialog/dialogs.js'
import { calleeOverride, callerOverride } from '../../../../src/embedded/sip/dialog/nat.js'
import { answerSession, isTooShort, SessionTimer } from '../../../../src/embedded/sip/dialog/session-timer.js'
import { Headers } from '../../../../src/embedded/sip/message/headers.js'
import { request, response, type SipRequest } from '../../../../src/embedded/sip/message/message.js'
import { TimerSet } from '../../../../src/embedded/sip/timer-set.js'
import type { Flow } from '../../../../src/embedded/sip/transport/transport.js'

const deaf = () => undefined
const app: App = {
  connected: true,
  ...{ request: deaf, dialogRequest: deaf, cancelled: deaf, dialogEnded: deaf, record: deaf },
}

function flow(protocol: 'udp' | 'tcp', address: string, port: number): Flow {
  return {
    point: {
      protocol,
      reliable: protocol !== 'udp',
      host: '0.0.0.0',
      port: 5060,
      connections: 0,
      known: () => undefined,
      flowTo: () => flow(protocol, address, port),
      close: () => Promise.resolve(),
    },
    remote: { address, port },
    open: true,
    send: () => undefined,
    onClose: () => () => undefined,
  }
}

function dialog(changes: Partial<DialogInit> = {}): Dialog {
  return new Dialog({
    kind: 'invite',
    role: 'uas',
    app,
    callId: 'c',
    localTag: 'l',
    remoteTag: 'r',
    local: '<sip:us>;tag=l',
    remote: '<sip:them>;tag=r',
    localSeq: 0,
    remoteSeq: 5,
    target: 'sip:them@192.0.2.1',
    routes: [],
    flow: flow('udp', '192.0.2.1', 5060),
    contact: '<sip:us@192.0.2.9>',
    ...changes,
  })
}

describe('requests within a dialog', () => {
  test('go to the remote target with the next number', () => {
    const made = dialog()
    const [first, second] = [made.createRequest('INFO'), made.createRequest('BYE')]
    expect(first.uri).toBe('sip:them@192.0.2.1')
    expect([first.headers.get('cseq'), second.headers.get('cseq')]).toEqual(['1 INFO', '2 BYE'])
    expect(first.headers.get('from')).toBe('<sip:us>;tag=l')
    expect(first.headers.get('to')).toBe('<sip:them>;tag=r')
  })

  test('an ACK has the number of its INVITE, and takes none', () => {
    const made = dialog({ localSeq: 8 })
    expect(made.createRequest('ACK', { cseq: 3 }).headers.get('cseq')).toBe('3 ACK')
    expect(made.createRequest('BYE').headers.get('cseq')).toBe('9 BYE')
  })

  test('follow the route set of loose routers', () => {
    const made = dialog({ routes: ['<sip:p1;lr>', '<sip:p2;lr>'] }).createRequest('BYE')
    expect(made.uri).toBe('sip:them@192.0.2.1')
    expect(made.headers.list('route')).toEqual(['<sip:p1;lr>', '<sip:p2;lr>'])
    expect(dialog({ routes: ['<sip:p1;lr>'] }).nextHop(made)).toBe('sip:p1;lr')
  })

  test('give a strict router the Request-URI, and the target the last route', () => {
    const made = dialog({ routes: ['<sip:strict>', '<sip:p2;lr>'] }).createRequest('BYE')
    expect(made.uri).toBe('sip:strict')
    expect(made.headers.list('route')).toEqual(['<sip:p2;lr>', '<sip:them@192.0.2.1>'])
  })

  test('a BYE waits for the outstanding ACK', () => {
    const made = dialog()
    const sent: string[] = []
    made.answerSent()
    made.whenAcknowledged(() => sent.push('BYE'))
    expect(sent).toEqual([])
    made.answerSettled()
    made.whenAcknowledged(() => sent.push('next'))
    expect(sent).toEqual(['BYE', 'next'])
  })
})

describe('the table of dialogs', () => {
  const from = (tag: string, to: string): SipRequest =>
    request(
      'BYE',
      'sip:x',
      new Headers([]).add('Call-ID', 'c').add('From', `<sip:a>;tag=${tag}`).add('To', `<sip:b>;tag=${to}`),
    )

  test('finds the dialog of a request by Call-ID and both tags', () => {
    const dialogs = new Dialogs()
    const made = dialog()
    dialogs.add(made)
    expect(dialogs.match(from('r', 'l'))).toBe(made)
    expect(dialogs.match(from('other', 'l'))).toBeUndefined()
    expect(dialogs.match(from('r', 'other'))).toBeUndefined()
    expect(dialogs.find('c;from-tag=r')).toBe(made)
  })

  test('a retried INVITE keeps its place when the first one is removed late', () => {
    const dialogs = new Dialogs()
    const first = dialog({ role: 'uac' })
    const second = dialog({ role: 'uac' })
    dialogs.add(first)
    dialogs.add(second)
    dialogs.remove(first)
    expect(dialogs.find('c;from-tag=l')).toBe(second)
    dialogs.remove(second)
    expect(dialogs.size).toBe(0)
  })
})

describe('NAT', () => {
  const invite = (contact: string, recordRoute?: string) => {
    const headers = new Headers().add('Contact', contact)
    return request('INVITE', 'sip:x', recordRoute ? headers.add('Record-Route', recordRoute) : headers)
  }

  test('a caller whose Contact is not where its INVITE came from is answered where it was seen', () => {
    const seen = flow('udp', '198.51.100.7', 1024)
    expect(callerOverride(invite('<sip:a@192.168.1.5>'), seen)).toBe('sip:198.51.100.7:1024')
    expect(callerOverride(invite('<sip:a@198.51.100.7:5060>'), seen)).toBe('sip:198.51.100.7:1024')
    expect(callerOverride(invite('<sip:a@198.51.100.7:1024>'), seen)).toBeUndefined()
    expect(callerOverride(invite('<sip:a@198.51.100.7>'), seen)).toBeUndefined()
  })

  test('behind a proxy the route set counts, and on a connection the connection', () => {
    expect(
      callerOverride(invite('<sip:a@10.0.0.1>', '<sip:p;lr>'), flow('udp', '198.51.100.7', 1)),
    ).toBeUndefined()
    expect(callerOverride(invite('<sip:a@10.0.0.1>'), flow('tcp', '198.51.100.7', 1))).toBeUndefined()
  })

  test('a callee that names another host than it answers from is reached where it answered from', () => {
    const answer = response(200, 'OK', new Headers().add('Contact', '<sip:b@192.168.1.5>'))
    expect(calleeOverride(answer, flow('udp', '198.51.100.7', 1024), [])).toBe('sip:198.51.100.7:1024')
    expect(calleeOverride(answer, flow('tcp', '198.51.100.7', 1024), [])).toBe(
      'sip:198.51.100.7:1024;transport=tcp',
    )
    expect(calleeOverride(answer, flow('udp', '192.168.1.5', 1024), [])).toBeUndefined()
    expect(calleeOverride(answer, flow('udp', '198.51.100.7', 1), ['<sip:203.0.113.1;lr>'])).toBeUndefined()
    expect(calleeOverride(answer, flow('udp', '198.51.100.7', 1), ['<sip:10.0.0.1;lr>'])).toBe(
      'sip:198.51.100.7:1',
    )
    expect(calleeOverride(answer, flow('udp', '198.51.100.7', 1), ['<sip:172.32.0.1;lr>'])).toBeUndefined()
  })
})

describe('session timers', () => {
  const asks = (value: string | undefined, supported = 'timer') => {
    const headers = new Headers().add('Supported', supported)
    return request('INVITE', 'sip:x', value === undefined ? headers : headers.add('Session-Expires', value))
  }

  test('the peer refreshes where it says so', () => {
    expect(answerSession(asks('1800;refresher=uac'), undefined, 90, 'uas')).toEqual({
      terms: { interval: 1800, weRefresh: false },
      header: '1800;refresher=uac',
      requireTimer: true,
    })
  })
  test('a peer without session timers never refreshes', () => {
    expect(answerSession(asks('1800', 'path'), undefined, 90, 'uac')).toEqual({
      terms: { interval: 1800, weRefresh: true },
      header: '1800;refresher=uas',
      requireTimer: false,
    })
  })
  test('what the app says goes before what the peer asks', () => {
    expect(answerSession(asks('1800;refresher=uac'), '600;refresher=uas', 90, 'uac')?.header).toBe(
      '600;refresher=uas',
    )
    expect(answerSession(asks(undefined), '600', 90, 'uac')?.terms).toEqual({
      interval: 600,
      weRefresh: false,
    })
  })
  test('nobody asked, or the peer left it open and it is switched off: no session timer', () => {
    expect(answerSession(asks(undefined), undefined, 90, 'uac')).toBeUndefined()
    expect(answerSession(asks('1800'), undefined, 90, 'none')).toBeUndefined()
  })
  test('an interval below the minimum is too short', () => {
    expect(isTooShort(asks('60'), 90)).toBe(true)
    expect(isTooShort(asks('60', 'path'), 90)).toBe(false)
    expect(isTooShort(asks('90'), 90)).toBe(false)
    expect(isTooShort(asks(undefined), 90)).toBe(false)
  })
  test('a new start replaces the timer that ran', () => {
    const timers = new TimerSet(() => undefined)
    const session = new SessionTimer(timers, () => undefined)
    session.start({ interval: 1800, weRefresh: true })
    session.start({ interval: 90, weRefresh: false })
    expect(timers.size).toBe(1)
    session.stop()
    expect(timers.size).toBe(0)
    expect(session.terms).toBeUndefined()
  })
})
