import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkLink } from '../../bench/setup/link-check.js'
import { DelayingProxy } from '../../bench/setup/delaying-proxy.js'
import { MinimalServer } from '../../bench/setup/minimal-server.js'
import { readOptions } from '../../bench/setup/options.js'

describe('the slow link of the benchmark', () => {
  it('delays SIP, HTTP and RTP, there and back', async () => {
    for (const { what, with: delayed } of await checkLink(10)) {
      expect(delayed.min, what).toBeGreaterThanOrEqual(20)
    }
  })
})

describe('a connection through the delaying proxy', () => {
  let server: MinimalServer
  let proxy: DelayingProxy
  beforeEach(async () => {
    server = await MinimalServer.open()
    proxy = await DelayingProxy.open(server.http)
    proxy.delayMs = 5
  })
  afterEach(async () => {
    await proxy.close()
    await server.close()
  })

  it('carries everything, in order', async () => {
    const socket = connect(proxy.address)
    const count = 50
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    for (let n = 0; n < count; n++) {
      const more = n === count - 1 ? 'Connection: close\r\n' : ''
      socket.write(`GET /${n} HTTP/1.1\r\nHost: a\r\n${more}\r\n`)
    }
    await once(socket, 'close')
    expect(text.match(/HTTP\/1.1 200 OK/g)).toHaveLength(count)
  })

  it('ends on both sides, whichever side ends it', async () => {
    const socket = connect(proxy.address)
    await once(socket, 'connect')
    await server.close()
    await once(socket, 'close')
    server = await MinimalServer.open()
  })
})

describe('the options of the benchmark', () => {
  it('are everything, where none is given', () => {
    expect(readOptions([])).toMatchObject({ rounds: 20, delayMs: 50, transports: ['udp', 'tcp', 'ws'] })
    expect(readOptions(['--ways', 'sdp, plain'])).toMatchObject({ ways: ['sdp', 'plain'] })
  })

  it.each([
    [['--rounds', '0'], /--rounds must be 1 or more/],
    [['--delay', 'x'], /--delay must be/],
    [['--ways', 'fax'], /--ways: fax is none of plain/],
    [['--unknown'], /unknown/i],
  ])('that are wrong are named: %s', (argv, problem) => {
    expect(() => readOptions(argv)).toThrow(problem)
  })
})
