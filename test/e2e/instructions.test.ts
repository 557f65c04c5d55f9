import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import twilio from 'twilio'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Call, Caller, header, type OutgoingCall } from '../../src/demo/index.js'
import { TestServer, users } from '../support/server.js'
import { recordings, toneWav } from '../support/wav.js'

const AUTH_TOKEN = 'a secret of ours and the application’s'
const WELCOME = [620]
const GOODBYE = [900]

interface Asked {
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  readonly signed: boolean
}

/** An application on the web, as somebody writes it with the helper library. */
class Application {
  readonly asked: Asked[] = []
  answers: Record<string, (asked: Asked) => string | Buffer | Promise<string>> = {}

  private constructor(private readonly http: Server) {
    http.on('request', (request, response) => {
      this.answer(request).then(
        (body) =>
          response.setHeader('content-type', typeof body === 'string' ? 'text/xml' : 'audio/wav').end(body),
        (error: unknown) => response.writeHead(500).end(String(error)),
      )
    })
  }

  static async start(): Promise<Application> {
    const http = createServer()
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return new Application(http)
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}${path}`
  }

  /** Requests for this path, once there are so many. */
  async askedFor(path: string, count = 1): Promise<Asked> {
    const those = (): Asked[] => this.asked.filter((one) => one.path === path)
    await expect.poll(() => those().length, { timeout: 5_000 }).toBeGreaterThanOrEqual(count)
    return those()[count - 1] as Asked
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.http.closeAllConnections()
      this.http.close(() => resolve())
    })
  }

  private async answer(request: IncomingMessage): Promise<string | Buffer> {
    const path = request.url ?? ''
    const params = Object.fromEntries(new URLSearchParams(await text(request)))
    const signature = String(request.headers['x-twilio-signature'])
    const signed = twilio.validateRequest(AUTH_TOKEN, signature, this.url(path), params)
    const asked = { path, params, signed }
    this.asked.push(asked)
    const answer = this.answers[path.split('?')[0] ?? '']
    if (answer === undefined) throw new Error(`nothing at ${path}`)
    return answer(asked)
  }
}

let server: TestServer
let application: Application
let trunk: Caller
let sounds: Awaited<ReturnType<typeof recordings>>

beforeAll(async () => {
  sounds = await recordings({ 'welcome.wav': toneWav(620, 4_000), 'goodbye.wav': toneWav(900, 1_000) })
  application = await Application.start()
  trunk = await Caller.open({
    user: 'gateway',
    domain: 'far.example',
    proxy: { host: '127.0.0.1', port: 9 },
    protocol: 'udp',
  })
  trunk.onInvite({ answerAfterMs: 20 })
  const { host, port } = trunk.peer.local
  const app = (path: string, more: object = {}) => ({
    ...{ twiml: application.url(path), 'auth-token': AUTH_TOKEN, retries: 0, timeout: '2s' },
    ...more,
  })
  server = await TestServer.start({
    trunks: { out: { proxy: `sip:${host}:${port}` } },
    users: { ...users(['ada', 'ben', 'cleo'], { ring: '2s' }) },
    instructions: {
      'allow-http': true,
      'allow-private': ['127.0.0.0/8'],
      sounds: sounds.path(''),
      sources: {
        app: app('/voice', { 'status-callback': application.url('/status'), trunk: 'out' }),
        slow: app('/slow'),
        broken: app('/broken', { otherwise: { user: 'ben' } }),
        lost: app('/broken'),
        menu: {
          do: [
            {
              gather: {
                prompts: [{ play: { file: 'welcome.wav' } }],
                'max-digits': 1,
                timeout: '2s',
                choices: { 1: 'to-ada', 2: 'closed' },
              },
            },
            { play: { file: 'goodbye.wav' } },
          ],
        },
        'to-ada': { do: [{ ring: { to: [{ user: 'ada' }] } }] },
        closed: { do: [{ play: { file: 'goodbye.wav' } }, { 'hang-up': {} }] },
      },
    },
    routes: [
      ...['app', 'slow', 'broken', 'lost', 'menu'].map((name, index) => ({
        match: `+1555200${index}`,
        instructions: name,
      })),
      { match: '+15552009', instructions: { do: [{ reject: { reason: 'busy' } }] } },
    ],
  })
})
afterAll(async () => {
  await server.close()
  await trunk.close()
  await application.close()
  await sounds.remove()
})
beforeEach(() => {
  application.asked.length = 0
  application.answers = { '/status': () => '' }
})
afterEach(() => server.quiet())

async function call(number: string): Promise<OutgoingCall> {
  const caller = await server.caller({ user: '+15550123' })
  return caller.call(`sip:${number}@example.net`)
}

/** Rejects where it does not hear that within five seconds. */
function hears(call: Call, tones: readonly number[]): Promise<void> {
  const { hearing } = call.media.rtp.receiver
  if (hearing === undefined) throw new Error('nobody listens')
  return hearing.hears(tones)
}

const response = () => new twilio.twiml.VoiceResponse()

describe('a route with instructions of its own', () => {
  test('refuses a call without asking anybody', async () => {
    const outgoing = await call('+15552009')
    expect(await outgoing.ended).toMatchObject({ how: 'failed', status: 486 })
  })

  test('asks for a digit, and rings whom that means; who dials hears no more of the prompt', async () => {
    const phone = await server.registeredPhone('ada')
    const outgoing = await call('+15552004')
    await outgoing.answered()
    await hears(outgoing, WELCOME)
    await outgoing.dtmf('1')
    const incoming = await phone.nextCall()
    await incoming.established
    await hears(outgoing, [1000])
    await hears(incoming, [1000])
    outgoing.hangUp()
    await Promise.all([outgoing.ended, incoming.ended])
    await phone.unregister()
  })

  test('takes a digit by INFO as well', async () => {
    const outgoing = await call('+15552004')
    await outgoing.answered()
    await outgoing.dtmf('2', 'info')
    await hears(outgoing, GOODBYE)
    expect(await outgoing.ended).toMatchObject({ how: 'bye', by: 'them' })
  })
})

describe('an application on the web', () => {
  test('is told of the call in signed parameters, and refuses it', async () => {
    application.answers['/voice'] = () => {
      const twiml = response()
      twiml.reject({ reason: 'busy' })
      return twiml.toString()
    }
    const outgoing = await call('+15552000')
    expect(await outgoing.ended).toMatchObject({ how: 'failed', status: 486 })
    const { params, signed } = await application.askedFor('/voice')
    expect(signed).toBe(true)
    expect(params).toMatchObject({
      From: '+15550123',
      To: '+15552000',
      CallStatus: 'ringing',
      Direction: 'inbound',
    })
    expect((await application.askedFor('/status')).params).toMatchObject({
      CallSid: params['CallSid'],
      CallStatus: 'busy',
    })
  })

  test('rings a client, and goes on with the caller when that one has hung up', async () => {
    application.answers['/voice'] = () => {
      const twiml = response()
      twiml.dial({ action: '/done', answerOnBridge: true }).client('ada')
      return twiml.toString()
    }
    application.answers['/done'] = () => {
      const twiml = response()
      twiml.gather({ numDigits: 2, action: '/digits', timeout: 3 }).play('/goodbye.wav')
      return twiml.toString()
    }
    application.answers['/goodbye.wav'] = () => toneWav(900, 3_000)
    application.answers['/digits'] = () => {
      const twiml = response()
      twiml.hangup()
      return twiml.toString()
    }
    const phone = await server.registeredPhone('ada')
    const outgoing = await call('+15552000')
    const incoming = await phone.nextCall()
    await outgoing.answered()
    await incoming.established
    await incoming.bye()
    const { params, signed } = await application.askedFor('/done')
    expect(signed).toBe(true)
    expect(params).toMatchObject({ DialCallStatus: 'completed', CallStatus: 'in-progress' })
    await hears(outgoing, GOODBYE)
    await outgoing.dtmf('42')
    expect((await application.askedFor('/digits')).params).toMatchObject({ Digits: '42' })
    expect(await outgoing.ended).toMatchObject({ how: 'bye', by: 'them' })
    await phone.unregister()
  })

  test('hears of the talk from a caller who hangs up first', async () => {
    application.answers['/voice'] = () => {
      const twiml = response()
      twiml.dial({ action: '/done', answerOnBridge: true }).client('ada')
      return twiml.toString()
    }
    application.answers['/done'] = () => response().toString()
    const phone = await server.registeredPhone('ada')
    const outgoing = await call('+15552000')
    const incoming = await phone.nextCall()
    await outgoing.answered()
    await incoming.established
    await hears(outgoing, [1000])
    outgoing.hangUp()
    await Promise.all([outgoing.ended, incoming.ended])
    const { params, signed } = await application.askedFor('/done')
    expect(signed).toBe(true)
    expect(params).toMatchObject({
      DialCallStatus: 'completed',
      DialBridged: 'true',
      CallStatus: 'completed',
    })
    await phone.unregister()
  })

  test('answers the caller before it rings, who hears ringback; nobody answers, and it hears of that', async () => {
    application.answers['/voice'] = () => {
      const twiml = response()
      twiml.dial({ action: '/done', timeout: 4 }).client('ada')
      return twiml.toString()
    }
    application.answers['/done'] = () => {
      const twiml = response()
      twiml.dial({ callerId: '+15550999' }).number('+15558888')
      return twiml.toString()
    }
    const phone = await server.registeredPhone('ada')
    phone.onInvite({})
    const outgoing = await call('+15552000')
    const left = await phone.nextCall()
    await outgoing.answered()
    await hears(outgoing, [440, 480])
    expect((await left.ended).how).toBe('cancelled')
    expect((await application.askedFor('/done')).params).toMatchObject({ DialCallStatus: 'no-answer' })
    const incoming = await trunk.nextCall()
    expect(incoming.invite.uri).toContain('+15558888')
    expect(header(incoming.invite, 'From')).toContain('sip:+15550999@')
    await incoming.established
    outgoing.hangUp()
    await Promise.all([outgoing.ended, incoming.ended])
    expect((await application.askedFor('/status')).params).toMatchObject({ CallStatus: 'completed' })
    await phone.unregister()
  })

  test('that takes its time keeps the caller hearing ringback meanwhile', async () => {
    let answer: (twiml: string) => void = () => undefined
    application.answers['/slow'] = () => new Promise<string>((resolve) => (answer = resolve))
    const outgoing = await call('+15552001')
    await outgoing.provisional('with-sdp')
    await hears(outgoing, [440, 480])
    const twiml = response()
    twiml.reject()
    answer(twiml.toString())
    expect(await outgoing.ended).toMatchObject({ how: 'failed', status: 603 })
  })

  test('is forgotten by a caller who gives up meanwhile', async () => {
    application.answers['/slow'] = () => new Promise<string>(() => undefined)
    const outgoing = await call('+15552001')
    await outgoing.provisional('with-sdp')
    outgoing.hangUp()
    expect(await outgoing.ended).toMatchObject({ how: 'cancelled' })
  })

  test('that answers rubbish sends the call where the configuration says otherwise', async () => {
    application.answers['/broken'] = () => '<Response><Sing/></Response>'
    const phone = await server.registeredPhone('ben')
    const outgoing = await call('+15552002')
    const incoming = await phone.nextCall()
    await outgoing.answered()
    outgoing.hangUp()
    await Promise.all([outgoing.ended, incoming.ended])
    await phone.unregister()
    expect(server.logged.some(({ reason }) => String(reason).includes('<Sing>'))).toBe(true)
  })

  test('that is out of order, with nowhere else to go: 503', async () => {
    const outgoing = await call('+15552003')
    expect(await outgoing.ended).toMatchObject({ how: 'failed', status: 503 })
  })
})
