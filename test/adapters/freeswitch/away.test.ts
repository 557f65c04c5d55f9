import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { deferred } from '../../../src/adapters/freeswitch/deferred.js'
import { createFreeswitchMedia, type FreeswitchOptions } from '../../../src/adapters/freeswitch/media.js'
import { startSipServer } from '../../../src/embedded/sip/index.js'
import type { Log } from '../../../src/ports/log.js'
import type { Media } from '../../../src/ports/media.js'
import { FakeClock } from '../../support/fake-clock.js'
import { EventSocket } from './event-socket.js'

const failed = (code: string, message: RegExp) =>
  expect.objectContaining({
    name: 'MediaError',
    code,
    message: expect.stringMatching(message) as string,
  }) as Error

/** A log whose lines can be waited for. */
function heedfulLog() {
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const keep = (_fields: object, message: string): void => {
    lines.push(message)
    for (const wake of [...waiting]) wake()
  }
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep }
  const said = async (message: string, times = 1): Promise<void> => {
    while (lines.filter((line) => line === message).length < times) {
      await new Promise<void>((resolve) => waiting.add(resolve))
    }
  }
  return { log, lines, said }
}

const SDP = [
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 4000 RTP/AVP 0',
  '',
]

/** A SIP server that answers every INVITE with 488; or with 200, as FreeSWITCH does before it connects a channel. */
async function answerer(how: 'refuses' | 'accepts') {
  const socket = createSocket('udp4')
  const invites = new Set<string>()
  const acknowledged = deferred<string>()
  socket.on('message', (bytes, from) => {
    const lines = bytes.toString().split('\r\n')
    const field = (name: string) =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? ''
    if (lines[0]?.startsWith('ACK ')) acknowledged.resolve(field('Call-ID'))
    if (!lines[0]?.startsWith('INVITE ')) return
    invites.add(field('Call-ID'))
    const kept = lines.filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line))
    const tagged = kept.map((line) => (/^To:/i.test(line) ? `${line};tag=x` : line))
    const body = how === 'accepts' ? SDP.join('\r\n') : ''
    const described = [
      `Contact: <sip:127.0.0.1:${socket.address().port}>`,
      'Content-Type: application/sdp',
      `Content-Length: ${body.length}`,
    ]
    const response =
      how === 'accepts'
        ? ['SIP/2.0 200 OK', ...tagged, ...described, '', body]
        : ['SIP/2.0 488 Not Acceptable Here', ...tagged, 'Content-Length: 0', '', '']
    socket.send(response.join('\r\n'), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    port: socket.address().port,
    invites,
    acknowledged: acknowledged.promise,
    close: () => socket.close(),
  }
}

const open: { close(): Promise<void> }[] = []
const own = <T extends { close(): Promise<void> }>(part: T): T => {
  open.push(part)
  return part
}
afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.close()
})

async function start(
  port: number,
  more: { secret?: string; profile?: string; options?: Partial<FreeswitchOptions> } = {},
) {
  const clock = new FakeClock()
  const notes = heedfulLog()
  const sip = own(
    await startSipServer({
      control: {},
      listen: [{ protocol: 'udp', host: '127.0.0.1', port: 0 }],
      onFault: () => undefined,
    }),
  )
  const { secret = 'right', profile = 'drachtio_mrf', options } = more
  const server = { name: 'fs', host: '127.0.0.1', port, secret, profile, weight: 1 }
  const media: Media = own(
    await createFreeswitchMedia(
      {
        servers: [server],
        signaling: [{ name: 'sip', ...sip.control }],
        listen: { host: '127.0.0.1' },
        mediaTimeoutMs: 60_000,
        ...options,
      },
      clock,
      notes.log,
    ),
  )
  return { media, clock, sip, ...notes }
}

describe('a FreeSWITCH server', () => {
  it('that refuses our password is away, and says why', async () => {
    const { port } = own(await EventSocket.open())
    const { media } = await start(port, { secret: 'wrong' })
    await expect(media.gauges()).rejects.toEqual(failed('lost', /password was refused/))
    await expect(media.endpoint({})).rejects.toEqual(failed('lost', /away/))
  })

  it('without the SIP profile is away, and says so', async () => {
    const { port } = own(await EventSocket.open())
    const { media } = await start(port, { profile: 'absent' })
    await expect(media.gauges()).rejects.toEqual(failed('lost', /no SIP profile absent/))
  })

  it('cannot be used where we cannot listen for it', async () => {
    const { port } = own(await EventSocket.open())
    const { media } = await start(port, { options: { listen: { host: '192.0.2.1' } } })
    await expect(media.gauges()).rejects.toEqual(failed('lost', /cannot listen on 192\.0\.2\.1/))
  })

  it('that is not there yet is used when it comes', async () => {
    const gone = await EventSocket.open()
    await gone.close()
    const { media, clock, said } = await start(gone.port)
    await expect(media.gauges()).rejects.toEqual(failed('lost', /ECONNREFUSED/))
    own(await EventSocket.open(gone.port))
    clock.advance(200)
    await said('connected to the media server')
    expect(await media.gauges()).toEqual({ endpoints: 0, portsInUse: 0, tones: 0, timers: 0 })
  })

  it('is tried again less and less often, every 2 s at last', async () => {
    const gone = await EventSocket.open()
    await gone.close()
    const { clock, said } = await start(gone.port)
    const tries = 'the media server cannot be used'
    for (const [n, ms] of [200, 400, 800, 1600, 2000, 2000, 2000].entries()) {
      await said(tries, n + 1)
      expect(clock.pending).toBeGreaterThan(0)
      clock.advance(ms)
    }
    await said(tries, 8)
  })

  it('that stops answering is away at once, and is used again when it answers', async () => {
    const server = own(await EventSocket.open())
    const { media, clock, said } = await start(server.port)
    server.silent = true
    clock.advance(5_000)
    await server.heard('api status')
    clock.advance(3_000)
    await said('a media server is away')
    await expect(media.gauges()).rejects.toEqual(failed('lost', /does not answer|connection was lost/))
    server.silent = false
    clock.advance(200)
    await said('connected to the media server', 2)
    await media.gauges()
  })

  it('whose connection breaks is connected to again', async () => {
    const server = own(await EventSocket.open())
    const { media, clock, said } = await start(server.port)
    await media.gauges()
    server.dropConnections()
    await said('a media server is away')
    clock.advance(200)
    await said('connected to the media server', 2)
    await media.gauges()
  })

  it('that does not answer an INVITE in time costs that endpoint alone', async () => {
    const deaf = createSocket('udp4')
    deaf.bind(0, '127.0.0.1')
    await once(deaf, 'listening')
    const server = await EventSocket.open()
    server.sip = `127.0.0.1:${deaf.address().port}`
    own(server)
    const { media, clock } = await start(server.port)
    const invited = once(deaf, 'message')
    const endpoint = media.endpoint({})
    const rejected = expect(endpoint).rejects.toEqual(failed('lost', /INVITE: no answer in 5000 ms/))
    expect(String((await invited)[0])).toMatch(/^INVITE /)
    clock.advance(5_000)
    await rejected
    expect(await media.gauges()).toMatchObject({ endpoints: 0 })
    deaf.close()
  })

  it('that its operator paused takes no new calls until it is resumed', async () => {
    const server = own(await EventSocket.open())
    const { media, clock, said } = await start(server.port)
    const changed = 'the media server was paused or resumed'
    server.paused = true
    clock.advance(5_000)
    await said(changed)
    await expect(media.endpoint({})).rejects.toEqual(failed('exhausted', /takes new calls/))
    expect(await media.gauges()).toMatchObject({ endpoints: 0 })
    server.paused = false
    clock.advance(5_000)
    await said(changed, 2)
  })

  it.each([
    ['a codec that it has is asked once more: a port of its may be taken', 'PCMU/8000', 2],
    ['no codec that it has is believed', 'x-none/8000', 1],
  ])('that refuses an offer with %s', async (_what, codec, times) => {
    const { port, invites, close } = await answerer('refuses')
    const server = await EventSocket.open()
    server.sip = `127.0.0.1:${port}`
    own(server)
    const { media } = await start(server.port)
    const offer = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 96\r\na=rtpmap:96 ${codec}\r\n`
    await expect(media.endpoint({ offer })).rejects.toEqual(failed('not-acceptable', /488/))
    expect(invites.size).toBe(times)
    close()
  })

  it('is told to end a channel that it was setting up when the SIP server went away', async () => {
    const { port, acknowledged, close } = await answerer('accepts')
    const server = own(await EventSocket.open())
    server.sip = `127.0.0.1:${port}`
    const { media, sip } = await start(server.port)
    const made = media.endpoint({})
    const rejected = expect(made).rejects.toEqual(failed('lost', /away/))
    await acknowledged
    await sip.close()
    await rejected
    await server.heard('api hupall normal_clearing sip_h_X-Reveille-Endpoint ')
    close()
  })

  it('leaves nothing running when the engine is closed', async () => {
    const server = own(await EventSocket.open())
    const { media, clock } = await start(server.port)
    await media.close()
    expect(clock.pending).toBe(0)
    await expect(media.endpoint({})).rejects.toEqual(failed('lost', /closed/))
    await media.close()
  })
})
