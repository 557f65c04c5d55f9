import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { responseTo } from '../../../src/demo/sip/build.js'
import { ClientTransaction } from '../../../src/demo/sip/client-transaction.js'
import { parseMessage, type SipMessage, type SipRequest } from '../../../src/demo/sip/message.js'
import { ServerTransaction } from '../../../src/demo/sip/server-transaction.js'
import { defaultTimers } from '../../../src/demo/sip/timers.js'
import { labelOf } from '../../../src/demo/sip/log.js'

function request(method: string): SipRequest {
  const text = [
    `${method} sip:bob@h SIP/2.0`,
    'Via: SIP/2.0/UDP a;branch=z9hG4bK1',
    'From: <sip:a@h>;tag=1',
    'To: <sip:bob@h>',
    'Call-ID: c',
    `CSeq: 1 ${method}`,
  ]
  return parseMessage(Buffer.from([...text, '', ''].join('\r\n'))) as SipRequest
}

const sent: string[] = []
const told: string[] = []
const send = (message: SipMessage): void => void sent.push(labelOf(message))

beforeEach(() => {
  vi.useFakeTimers()
  sent.length = 0
  told.length = 0
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

function client(method: string, reliable = false): ClientTransaction {
  const transaction = new ClientTransaction(request(method), {
    reliable,
    timers: defaultTimers,
    send,
    onResponse: (response) => told.push(String(response.status)),
    onTimeout: () => told.push('timeout'),
    onTerminated: () => told.push('terminated'),
  })
  transaction.start()
  return transaction
}

function server(method: string): ServerTransaction {
  const transaction = new ServerTransaction(request(method), {
    reliable: false,
    timers: defaultTimers,
    flow: { protocol: 'udp', remote: { host: 'a', port: 1 }, send: () => undefined },
    send,
    onAccepted: () => told.push('accepted'),
    onTerminated: () => told.push('terminated'),
  })
  transaction.onNoAck = () => told.push('no ack')
  transaction.onAck = () => told.push('ack')
  return transaction
}

describe('client transactions', () => {
  it('repeat an INVITE over UDP at 0.5, 1.5, 3.5, 7.5 ... s and give up after 32 s', () => {
    client('INVITE')
    vi.advanceTimersByTime(31_999)
    expect(sent).toHaveLength(7)
    expect(told).toEqual([])
    vi.advanceTimersByTime(1)
    expect(told).toEqual(['timeout', 'terminated'])
  })

  it('never repeat over TCP', () => {
    client('INVITE', true)
    vi.advanceTimersByTime(32_000)
    expect(sent).toEqual(['INVITE'])
  })

  it('stop repeating an INVITE at the first provisional, and wait for any time', () => {
    const transaction = client('INVITE')
    transaction.receive(responseTo(transaction.request, 180))
    vi.advanceTimersByTime(200_000)
    expect(sent).toEqual(['INVITE'])
    expect(transaction.state).toBe('proceeding')
    transaction.stop()
  })

  it('acknowledge each copy of a failure, and tell it once', () => {
    const transaction = client('INVITE')
    for (let i = 0; i < 3; i++) transaction.receive(responseTo(transaction.request, 486))
    expect(sent).toEqual(['INVITE', 'ACK', 'ACK', 'ACK'])
    expect(told).toEqual(['486'])
    vi.advanceTimersByTime(32_000)
    expect(told).toEqual(['486', 'terminated'])
  })

  it('pass on each copy of a 2xx: its ACK is the user agent’s', () => {
    const transaction = client('INVITE')
    for (let i = 0; i < 2; i++) transaction.receive(responseTo(transaction.request, 200))
    expect(sent).toEqual(['INVITE'])
    expect(told).toEqual(['200', '200'])
    vi.advanceTimersByTime(32_000)
  })

  it('repeat another request each T2 at most, also after a provisional', () => {
    const transaction = client('BYE')
    vi.advanceTimersByTime(7_500)
    expect(sent).toHaveLength(5)
    transaction.receive(responseTo(transaction.request, 100))
    vi.advanceTimersByTime(8_000)
    expect(sent).toHaveLength(7)
    transaction.receive(responseTo(transaction.request, 200))
    vi.advanceTimersByTime(5_000)
    expect(told).toEqual(['100', '200', 'terminated'])
  })

  it('tell who waits when the socket goes away', () => {
    client('REGISTER').abandon()
    expect(told).toEqual(['terminated', 'timeout'])
  })
})

describe('server transactions', () => {
  it('repeat a 200 until its ACK', () => {
    const transaction = server('INVITE')
    transaction.respond(200)
    vi.advanceTimersByTime(3_600)
    expect(sent).toHaveLength(4)
    transaction.receiveAck(request('ACK'))
    vi.advanceTimersByTime(30_000)
    expect(sent).toHaveLength(4)
    expect(told).toEqual(['accepted', 'ack', 'terminated'])
  })

  it('say so when no ACK comes in 32 s', () => {
    server('INVITE').respond(486)
    vi.advanceTimersByTime(32_000)
    expect(told).toEqual(['no ack', 'terminated'])
  })

  it('answer a repeated request with the last response', () => {
    const transaction = server('OPTIONS')
    transaction.receiveAgain()
    expect(sent).toEqual([])
    transaction.respond(200)
    transaction.receiveAgain()
    expect(sent).toEqual(['200 OK (OPTIONS)', '200 OK (OPTIONS)'])
    vi.advanceTimersByTime(32_000)
  })

  it('refuse a script that answers twice', () => {
    const transaction = server('OPTIONS')
    transaction.respond(200)
    expect(() => transaction.respond(404)).toThrow(/final response already/)
    transaction.stop()
  })
})
