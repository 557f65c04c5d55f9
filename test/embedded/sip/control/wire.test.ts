import { describe, expect, test } from 'vitest'
import { parseCommand } from '../../../../src/embedded/sip/control/command.js'
import { encodeFrame, FrameDecoder } from '../../../../src/embedded/sip/control/frames.js'
import { Routes } from '../../../../src/embedded/sip/control/routes.js'
import { notOkFrame, timeOfDay } from '../../../../src/embedded/sip/control/wire.js'

describe('frames', () => {
  test('count bytes, not characters', () => {
    expect(encodeFrame('h\u00e9\u{1F4DE}').toString()).toBe('7#h\u00e9\u{1F4DE}')
  })

  test('several in one read, and one in many reads, come out whole', () => {
    const bytes = Buffer.concat([
      encodeFrame('a|ping'),
      encodeFrame('b|r\u00e9ute|\u{1F4DE}'),
      encodeFrame('c'),
    ])
    expect(new FrameDecoder().push(bytes)).toEqual(['a|ping', 'b|r\u00e9ute|\u{1F4DE}', 'c'])
    const decoder = new FrameDecoder()
    expect([...bytes].flatMap((byte) => decoder.push(Buffer.from([byte])))).toEqual([
      'a|ping',
      'b|r\u00e9ute|\u{1F4DE}',
      'c',
    ])
  })

  test('a length that is none is an error', () => {
    for (const text of ['x#', '#abc', '-1#a', '0#', '123456#a', 'no hash at all']) {
      expect(() => new FrameDecoder().push(Buffer.from(text))).toThrow()
    }
  })
})

describe('commands', () => {
  test('a response names its transaction', () => {
    expect(
      parseCommand('1|sip|txn|\r\nSIP/2.0 200 OK\r\ncontact: <sip:a@localhost>\r\n\r\nbody\r\n\r\nmore'),
    ).toEqual({
      kind: 'sip',
      id: '1',
      transactionId: 'txn',
      dialogId: '',
      route: '',
      startLine: 'SIP/2.0 200 OK',
      message: {
        lines: [['contact', '<sip:a@localhost>']],
        body: Buffer.from('body\r\n\r\nmore'),
      },
    })
  })

  test('a request may name a dialog or a next hop', () => {
    expect(parseCommand('1|sip||cid;from-tag=x\r\nBYE sip:placeholder SIP/2.0\r\n\r\n')).toMatchObject({
      dialogId: 'cid;from-tag=x',
    })
    expect(
      parseCommand('1|sip|||sip:10.0.0.1;transport=tcp\r\nINVITE sip:a@b SIP/2.0\r\n\r\n'),
    ).toMatchObject({
      route: 'sip:10.0.0.1;transport=tcp',
    })
  })

  test('header lines that are none are left out, folded ones put together', () => {
    const command = parseCommand(
      '1|sip||\r\nMESSAGE sip:a@b SIP/2.0\r\nX-A: 1\r\n  2\r\nnonsense\r\nbad name: 3\r\n\r\n',
    )
    expect(command).toMatchObject({ message: { lines: [['X-A', '1 2']] } })
  })

  test('a proxy request says how to go about it', () => {
    expect(
      parseCommand(
        '1|proxy|txn|remainInDialog|fullResponse||simultaneous|2s|1500ms|sip:a|sip:b\r\nINVITE sip:a SIP/2.0\r\n',
      ),
    ).toMatchObject({
      spec: {
        recordRoute: true,
        fullResponse: true,
        followRedirects: false,
        simultaneous: true,
        provisionalTimeout: 2000,
        finalTimeout: 1500,
        targets: ['sip:a', 'sip:b'],
      },
    })
  })

  test('what is no command is said to be none', () => {
    for (const frame of ['', 'x', '1|dance', '1|proxy|txn']) expect(parseCommand(frame).kind).toBe('invalid')
  })
})

test('apps that asked for a verb take turns', () => {
  const routes = new Routes<string>()
  routes.add('invite', 'a')
  routes.add('invite', 'b')
  routes.add('bye', 'c')
  expect(['INVITE', 'INVITE', 'INVITE'].map((method) => routes.next(method))).toEqual(['a', 'b', 'a'])
  routes.removeApp('a')
  expect(['INVITE', 'INVITE', 'OPTIONS'].map((method) => routes.next(method))).toEqual(['b', 'b', undefined])
  routes.remove('invite', 'b')
  expect(routes.next('INVITE')).toBeUndefined()
  expect(routes.next('BYE')).toBe('c')
})

test('times have microseconds', () => {
  expect(timeOfDay(Date.UTC(2024, 1, 1, 3, 4, 5, 67) + 0.25)).toBe('03:04:05.067250')
})

test('a reason cannot break the frame that it stands in', () => {
  expect(notOkFrame('1', 'a|b\r\nc').split('|').slice(1)).toEqual(['response', '1', 'NOK', 'a b c'])
})
