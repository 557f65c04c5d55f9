import { createHmac } from 'node:crypto'
import { createServer } from 'node:net'
import twilio from 'twilio'
import { afterEach, describe, expect, test } from 'vitest'
import { ending } from '../../src/call/ending.js'
import type { InstructionsDeps } from '../../src/instructions/instructions.js'
import { type App, type Page, redirect, respond, silent, startApp, twiml } from './support/app.js'
import { LOOPBACK, performed, rung, type Site, siteOf, START, toOf } from './support/site.js'

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

async function app(pages: Readonly<Record<string, Page>>): Promise<App> {
  const started = await startApp(pages)
  open.push(started)
  return started
}

/** `main` is this source; the rest is what tests on loopback need. */
function site(source: string, settings = LOOPBACK, deps: Partial<InstructionsDeps> = {}): Site {
  const made = siteOf(`${settings}  sources:\n    main: ${source}\n`, deps)
  open.push(made)
  return made
}

const BOB = twiml('<Dial answerOnBridge="true"><Client>bob</Client></Dial>')
const FAILED = { kind: 'end', ending: { cause: 'failed', status: 503, by: 'server' } }

describe('a TwiML application', () => {
  test('is asked by POST with the usual parameters, and says whom to ring', async () => {
    const { url, asked } = await app({ '/voice': BOB })
    const call = site(`{twiml: "${url}/voice", account: AC123}`).session({
      forwardedFrom: '+15550777',
      user: 'alice',
    })
    expect(toOf(await call.next(START))).toEqual(['bob'])
    expect(asked[0]).toMatchObject({ method: 'POST', path: '/voice' })
    expect(asked[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded; charset=utf-8')
    expect(asked[0]?.parameters).toEqual({
      ...{ CallSid: 'CA0f9c1d6e9a434d1c8c1a3d2f5e6a7b8c', AccountSid: 'AC123', ApiVersion: '2010-04-01' },
      ...{
        From: '+15550100',
        Caller: '+15550100',
        CallerName: 'Ann Example',
        To: '+15559000',
        Called: '+15559000',
      },
      ...{ CallStatus: 'ringing', Direction: 'inbound', ForwardedFrom: '+15550777' },
    })
  })

  test.each([
    ['a number', { from: '+15550100' }, '+15550100'],
    ['a client', { from: 'dave', fromClient: true }, 'client:dave'],
    ['nobody who says', { from: null }, 'anonymous'],
  ])('is told that %s calls', async (_what, facts, from) => {
    const { url, asked } = await app({ '/voice': BOB })
    await site(`{twiml: "${url}/voice"}`).session(facts).next(START)
    expect(asked[0]?.parameters).toMatchObject({ From: from, Caller: from })
  })

  test('is told the presence that it asked for, and that of the user whose rules sent the call', async () => {
    const { url, asked } = await app({ '/voice': BOB })
    const of = (user: string, state: 'away' | 'available', inCall: boolean) => ({
      ...{
        user,
        state,
        inCall,
        set: true,
        note: null,
        since: null,
        version: 1,
        registered: true,
        wakeable: true,
      },
    })
    const known = new Map([
      ['alice', of('alice', 'away', false)],
      ['bob', of('bob', 'available', true)],
    ])
    const deps = { presence: { known: (user: string) => known.get(user) } }
    await site(`{twiml: "${url}/voice", presence: [bob]}`, LOOPBACK, deps)
      .session({ user: 'alice' })
      .next(START)
    expect(asked[0]?.parameters).toMatchObject({
      Presence: 'away',
      Presence_alice: 'away',
      Presence_bob: 'in-call',
    })
  })

  test('is told the digits, what became of a dial, and where relative URLs lead', async () => {
    const { url, asked } = await app({
      '/ivr/voice': twiml(
        '<Gather action="chosen" numDigits="1"/><Redirect method="GET">../again?a=b%20c</Redirect>',
      ),
      '/ivr/chosen': twiml('<Dial action="/dialled" timeout="9"><Client>bob</Client></Dial><Hangup/>'),
      '/dialled': twiml('<Reject reason="busy"/>'),
      '/again': twiml('<Hangup/>'),
    })
    const main = site(`{twiml: "${url}/ivr/voice"}`)
    const call = main.session()
    expect(await call.next(START)).toMatchObject({ kind: 'perform', answer: true })
    const dial = await call.next(performed('3'))
    // The caller has its answer by the <Gather>: it is not answered once more.
    expect(dial).toMatchObject({ ring: { ringMs: 9000, answerFirst: false, goesOn: { name: 'main' } } })
    expect(asked[1]?.parameters).toMatchObject({ Digits: '3', FinishedOnKey: '', CallStatus: 'in-progress' })
    expect(await call.next(rung(ending('hung-up', 'callee'), 61_400))).toMatchObject({ kind: 'end' })
    expect(asked[2]?.parameters).toMatchObject({
      ...{
        DialCallStatus: 'completed',
        DialCallDuration: '61',
        DialBridged: 'true',
        CallStatus: 'in-progress',
      },
      DialCallSid: expect.stringMatching(/^CA[0-9a-f]{32}$/) as string,
    })
    const silentCaller = main.session()
    await silentCaller.next(START)
    await silentCaller.next(performed(''))
    expect(asked.at(-1)).toMatchObject({ method: 'GET', body: '', parameters: { a: 'b c', To: '+15559000' } })
  })

  test.each([
    ['busy', 'busy'],
    ['declined', 'busy'],
    ['no-answer', 'no-answer'],
    ['unreachable', 'no-answer'],
    ['no-second-response', 'no-answer'],
    ['not-found', 'failed'],
    ['connect-failed', 'failed'],
    ['failed', 'failed'],
    ['cancelled', 'canceled'],
  ] as const)('is told of a dial that was %s: %s', async (cause, status) => {
    const { url, asked } = await app({
      '/voice': twiml('<Dial action="/dialled"><Client>bob</Client></Dial>'),
      '/dialled': twiml('<Hangup/>'),
    })
    const call = site(`{twiml: "${url}/voice"}`).session()
    expect(await call.next(START)).toMatchObject({ ring: { answerFirst: true } })
    await call.next(rung(ending(cause, 'server')))
    expect(asked[1]?.parameters).toMatchObject({ DialCallStatus: status, DialBridged: 'false' })
    expect(asked[1]?.parameters).not.toHaveProperty('DialCallDuration')
  })

  test.each([
    ['hangs up after the talk', 'hung-up', { ms: 61_400, to: 'bob' }, 'completed', 'completed'],
    ['gives up while it rings', 'cancelled', null, 'canceled', 'completed'],
    ['hangs up while it rings, having been answered first', 'hung-up', null, 'canceled', 'completed'],
  ] as const)(
    'is told of a dial whose caller %s, ahead of the status callback',
    async (_what, cause, talk, dialled, status) => {
      const { url, asked } = await app({
        '/voice': twiml('<Dial action="/dialled"><Client>bob</Client></Dial>'),
        '/dialled': twiml('<Dial><Client>bob</Client></Dial>'),
        '/status': respond(''),
      })
      const call = site(`{twiml: "${url}/voice", status-callback: "${url}/status"}`).session()
      await call.next(START)
      await call.ended({ ending: ending(cause, 'caller'), answeredMs: 70_000, talk })
      expect(asked.map(({ path }) => path)).toEqual(['/voice', '/dialled', '/status'])
      const { parameters } = asked[1]!
      expect(parameters).toMatchObject({ DialCallStatus: dialled, CallStatus: status })
      expect(parameters.DialBridged).toBe(String(talk !== null))
      expect(parameters.DialCallDuration).toBe(talk === null ? undefined : '61')
    },
  )

  test('is not told of digits that a caller did not dial to their end', async () => {
    const { url, asked } = await app({ '/voice': twiml('<Gather action="/digits" numDigits="4"/>') })
    const call = site(`{twiml: "${url}/voice"}`).session()
    await call.next(START)
    await call.ended({ ending: ending('hung-up', 'caller'), answeredMs: 1000, talk: null })
    expect(asked.map(({ path }) => path)).toEqual(['/voice'])
  })

  test('is not told a second time of a dial that is over', async () => {
    const { url, asked } = await app({
      '/voice': twiml('<Dial action="/dialled"><Client>bob</Client></Dial>'),
      '/dialled': twiml('<Pause/>'),
    })
    const call = site(`{twiml: "${url}/voice"}`).session()
    await call.next(START)
    await call.next(rung(ending('busy', 'callee')))
    await call.ended({ ending: ending('hung-up', 'caller'), answeredMs: 1000, talk: null })
    expect(asked.map(({ path }) => path)).toEqual(['/voice', '/dialled'])
  })

  test('that is away when a dial ends with its caller leaves a warning in the log', async () => {
    const { url } = await app({ '/voice': twiml('<Dial action="/dialled"><Client>bob</Client></Dial>') })
    const made = site(`{twiml: "${url}/voice"}`)
    const call = made.session()
    await call.next(START)
    await call.ended({ ending: ending('cancelled', 'caller'), answeredMs: null, talk: null })
    expect(made.lines).toMatchObject([['warn', {}, 'an action could not be told']])
  })

  test('whose <Gather> has no action is asked for the same page again', async () => {
    const { url, asked } = await app({ '/voice': twiml('<Gather numDigits="1"/>') })
    const call = site(`{twiml: "${url}/voice?menu=1"}`).session()
    await call.next(START)
    await call.next(performed('5'))
    expect(asked.map(({ path }) => path)).toEqual(['/voice?menu=1', '/voice?menu=1'])
    expect(asked[1]?.parameters).toMatchObject({ Digits: '5' })
    // Nothing was dialled: the document goes on, and is at its end.
    expect(await call.next(performed(''))).toMatchObject({ kind: 'end', ending: { cause: 'hung-up' } })
    expect(asked).toHaveLength(2)
  })

  test('is told how the call ended, where it wants to be', async () => {
    const { url, asked } = await app({ '/voice': BOB, '/status': respond('') })
    const call = site(`{twiml: "${url}/voice", status-callback: "${url}/status"}`).session()
    await call.next(START)
    await call.ended({ ending: ending('hung-up', 'caller'), answeredMs: 61_000, talk: null })
    expect(asked[1]?.parameters).toMatchObject({
      ...{
        CallStatus: 'completed',
        CallDuration: '61',
        Duration: '2',
        SipResponseCode: '200',
        SequenceNumber: '0',
      },
    })
  })
})

describe('the signature of a request', () => {
  test.each([
    ['POST', '/voice', 'POST'],
    ['POST with a query', '/voice?shop=1&name=a%20b', 'POST'],
    ['GET', '/voice', 'GET'],
    ['GET with a query', '/voice?shop=1&name=it%27s+here', 'GET'],
  ])('is one that the official helper takes: %s', async (_what, path, method) => {
    const { url, asked } = await app({ '/voice': BOB })
    await site(`{twiml: "${url}${path}", method: ${method}, auth-token: s3cret}`)
      .session({ fromName: 'Zoë & Co' })
      .next(START)
    const [one] = asked
    const check = (token: string, parameters: Record<string, string>): boolean =>
      twilio.validateRequest(
        token,
        String(one?.headers['x-twilio-signature']),
        `${url}${one?.path}`,
        parameters,
      )
    const body = method === 'POST' ? { ...one?.parameters } : {}
    expect(check('s3cret', body)).toBe(true)
    expect(check('another', body)).toBe(false)
    expect(check('s3cret', { ...body, From: '+1900' })).toBe(false)
  })

  test('leaves out the credentials of the URL, which go by Basic authentication', async () => {
    const { url, asked } = await app({ '/voice': BOB })
    await site(`{twiml: "${url.replace('//', '//ann:p%40ss@')}/voice", auth-token: s3cret}`)
      .session()
      .next(START)
    expect(asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ann:p@ss').toString('base64')}`)
    const signature = String(asked[0]?.headers['x-twilio-signature'])
    expect(twilio.validateRequest('s3cret', signature, `${url}/voice`, { ...asked[0]?.parameters })).toBe(
      true,
    )
  })

  test('is made anew for the page that a redirect leads to', async () => {
    const { url, asked } = await app({ '/voice': redirect('/voice/?x=1', 307), '/voice/': BOB })
    await site(`{twiml: "${url}/voice", auth-token: s3cret}`).session().next(START)
    const signature = String(asked[1]?.headers['x-twilio-signature'])
    expect(
      twilio.validateRequest('s3cret', signature, `${url}/voice/?x=1`, { ...asked[1]?.parameters }),
    ).toBe(true)
  })
})

describe('a JSON application', () => {
  const ring = JSON.stringify({ do: [{ ring: { to: [{ user: 'bob' }], action: 'rung' } }] })
  const hangUp = JSON.stringify({ do: [{ hangUp: {} }] })

  test('is told of the call, and of what happened, signed and with its headers', async () => {
    const { url, asked } = await app({
      '/call': respond(ring, 'application/json; charset=utf-8'),
      '/rung': respond(hangUp, 'application/json'),
    })
    const source = `{webhook: "${url}/call", auth-token: s3cret, headers: {authorization: Bearer x}}`
    const call = site(source).session()
    expect(toOf(await call.next(START))).toEqual(['bob'])
    expect(await call.next(rung(ending('busy', 'callee')))).toMatchObject({
      kind: 'end',
      ending: { status: 480 },
    })
    const bodies = asked.map(({ body }) => JSON.parse(body) as object)
    const facts = {
      ...{ id: '0f9c1d6e-9a43-4d1c-8c1a-3d2f5e6a7b8c', from: '+15550100', fromName: 'Ann Example' },
      ...{
        fromClient: false,
        to: '+15559000',
        trunk: 'pstn',
        forwardedFrom: null,
        user: null,
        status: 'ringing',
      },
    }
    expect(bodies).toEqual([
      { event: 'start', call: facts, presence: {} },
      { event: 'rung', call: facts, presence: {}, ring: { status: 'busy', bridgedMs: 0, to: null } },
    ])
    expect(asked[0]?.headers).toMatchObject({ authorization: 'Bearer x', 'content-type': 'application/json' })
    const [, at = '', mac = ''] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(asked[0]?.headers['reveille-signature'])) ?? []
    expect(mac).toBe(createHmac('sha256', 's3cret').update(`${at}.${asked[0]?.body}`).digest('hex'))
  })

  test('keeps its headers for itself: another host that it redirects to gets none', async () => {
    const other = await app({ '/call': respond(hangUp, 'application/json') })
    const { url } = await app({ '/call': redirect(`${other.url}/call`, 308) })
    await site(`{webhook: "${url}/call", headers: {authorization: Bearer x}}`).session().next(START)
    expect(other.asked[0]).toMatchObject({ method: 'POST' })
    expect(other.asked[0]?.headers.authorization).toBeUndefined()
  })

  test('may be where instructions in the file go on', async () => {
    const { url, asked } = await app({ '/chosen': respond(hangUp, 'application/json') })
    const call = site(`{do: [{gather: {action: "${url}/chosen"}}]}`).session()
    await call.next(START)
    expect(await call.next(performed('12'))).toMatchObject({ kind: 'end', ending: { cause: 'hung-up' } })
    expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject({
      event: 'gathered',
      gather: { digits: '12', finishedOn: null },
    })
  })
})

describe('instructions in the file', () => {
  const ring = (action: string): string => `{do: [{ring: {to: [{user: bob}], action: ${action}}}]}`
  const GONE = { ending: ending('cancelled', 'caller'), answeredMs: null, talk: null }

  test('have an application told what became of those who were rung for a caller who is gone', async () => {
    const { url, asked } = await app({ '/rung': respond('{"do": []}', 'application/json') })
    const call = site(ring(`"${url}/rung"`)).session()
    await call.next(START)
    await call.ended(GONE)
    expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject({
      ...{ event: 'rung', ring: { status: 'canceled', bridgedMs: 0, to: null } },
      call: { status: 'canceled' },
    })
  })

  test('tell nobody where they would go on with instructions in the file', async () => {
    const made = site(ring('main'))
    const call = made.session()
    await call.next(START)
    await call.ended(GONE)
    expect(made.lines).toEqual([])
  })
})

describe('an application that gives no instructions', () => {
  const detail = (text: string | RegExp) => ({
    ...FAILED,
    ending: { ...FAILED.ending, detail: expect.stringMatching(text) as string },
  })

  test.each([
    ['is not to be found', { '/voice': respond('no', 'text/plain', 404) }, /: the answer is 404$/, 1],
    ['fails', { '/voice': respond('no', 'text/plain', 500) }, /: the answer is 500$/, 2],
    ['is slow', { '/voice': silent }, /: no answer within 100 ms$/, 2],
    ['breaks off', { '/voice': (_a, response) => response.socket?.destroy() }, /socket hang up/, 2],
    [
      'breaks off within its answer',
      {
        '/voice': (_a, response) =>
          response.writeHead(200, { 'content-length': 50 }).write('<Resp', () => response.socket?.destroy()),
      },
      /(aborted|broke within the answer)/,
      2,
    ],
    [
      'stalls within its answer',
      { '/voice': (_a, response) => response.writeHead(200, { 'content-type': 'text/xml' }).write('<Resp') },
      /no answer within 100 ms/,
      2,
    ],
    ['is huge, as it says', { '/voice': respond('x'.repeat(65_537)) }, /longer than 65536 bytes/, 1],
    [
      'is huge, and does not say so',
      {
        '/voice': (_a, response) => {
          response.writeHead(200, { 'content-type': 'text/xml' })
          for (let i = 0; i < 100; i++) response.write('x'.repeat(1000))
          response.end()
        },
      },
      /longer than 65536 bytes/,
      1,
    ],
    ['redirects for ever', { '/voice': redirect('/voice') }, /more than 3 redirects/, 4],
    ['redirects to nowhere', { '/voice': redirect('http://[') }, /a redirect \(302\) to nowhere/, 1],
    [
      'redirects to a file',
      { '/voice': redirect('file:///etc/passwd') },
      /file: is neither https: nor http:/,
      1,
    ],
    [
      'redirects to a private network',
      { '/voice': redirect('http://169.254.169.254/latest/meta-data') },
      /169\.254\.169\.254 is no public address/,
      1,
    ],
    [
      'redirects to another port of ours',
      { '/voice': redirect('http://[::ffff:127.0.0.2]:1/') },
      /is no public address/,
      1,
    ],
    ['answers with rubbish', { '/voice': respond('<Response><Dial>') }, /is no XML/, 1],
    [
      'answers with another kind',
      { '/voice': respond('{}', 'application/json') },
      /the answer is application\/json, not/,
      1,
    ],
    [
      'answers with no kind',
      { '/voice': (_a, response) => response.end('<Response/>') },
      /the answer is of no type/,
      1,
    ],
    [
      'answers packed',
      { '/voice': (_a, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x') },
      /encoded as gzip/,
      1,
    ],
    ['answers with what is no text', { '/voice': respond(Buffer.from([0xff, 0xfe])) }, /is not utf-8/, 1],
    [
      'answers with a verb that is not known',
      { '/voice': twiml('<Enqueue/>') },
      /line 1: <Enqueue> is not known here/,
      1,
    ],
    ['speaks', { '/voice': twiml('<Say>Hi</Say>') }, /<Say> needs a speech engine; none is configured/, 1],
  ] as [string, Record<string, Page>, RegExp, number][])(
    '%s: the call ends with 503',
    async (_what, pages, why, times) => {
      const { url, asked } = await app(pages)
      const call = site(`{twiml: "${url}/voice", timeout: 100ms}`).session()
      expect(await call.next(START)).toMatchObject(detail(why))
      expect(asked).toHaveLength(times)
    },
  )

  test('is not there at all: the call ends with 503', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => closed.once('listening', resolve))
    const { port } = closed.address() as { port: number }
    await new Promise((resolve) => closed.close(resolve))
    const call = site(`{twiml: "http://127.0.0.1:${port}/", retries: 0}`).session()
    expect(await call.next(START)).toMatchObject(detail(/ECONNREFUSED/))
  })

  test('is asked again, and answers then', async () => {
    let times = 0
    const { url } = await app({
      '/voice': (asked, response) => (times++ === 0 ? response.writeHead(503).end() : BOB(asked, response)),
    })
    expect(toOf(await site(`{twiml: "${url}/voice"}`).session().next(START))).toEqual(['bob'])
  })

  test('has a fallback that is told what was wrong, and answers in its stead', async () => {
    const { url, asked } = await app({ '/voice': twiml('<Enqueue/>'), '/fallback': BOB })
    const call = site(`{twiml: "${url}/voice?key=1", fallback: "${url}/fallback"}`).session()
    expect(toOf(await call.next(START))).toEqual(['bob'])
    expect(asked[1]?.parameters).toMatchObject({ ErrorCode: '12100', ErrorUrl: `${url}/voice` })
  })

  test('has a fallback that is no better', async () => {
    const { url } = await app({
      '/voice': respond('', 'text/xml', 500),
      '/fallback': respond('', 'text/xml', 404),
    })
    const call = site(`{twiml: "${url}/voice", fallback: "${url}/fallback", retries: 0}`).session()
    expect(await call.next(START)).toMatchObject(detail(/the answer is 404/))
  })

  test.each([
    ['a user', '{user: alice}', { kind: 'otherwise', target: { kind: 'user', user: 'alice' } }],
    ['a status', '{status: 486}', { kind: 'end', ending: { cause: 'busy', status: 486 } }],
  ])('leaves the call to %s, where the file says so', async (_what, target, next) => {
    const { url } = await app({})
    expect(await site(`{twiml: "${url}/voice", otherwise: ${target}}`).session().next(START)).toMatchObject(
      next,
    )
  })

  test('hangs up on a caller that has its answer already', async () => {
    const { url } = await app({ '/voice': twiml('<Gather action="/gone"/>') })
    const call = site(`{twiml: "${url}/voice"}`).session()
    await call.next(START)
    expect(await call.next(performed('1'))).toMatchObject({
      kind: 'end',
      ending: { cause: 'failed', status: 200 },
    })
  })

  test('is given up with the call that it is asked about', async () => {
    let asked = (): void => undefined
    const begun = new Promise<void>((resolve) => (asked = resolve))
    const { url } = await app({ '/voice': () => asked() })
    const call = site(`{twiml: "${url}/voice", timeout: 30s}`).session()
    const next = call.next(START)
    await begun
    await call.ended({ ending: ending('cancelled', 'caller'), answeredMs: null, talk: null })
    expect(await next).toMatchObject({ kind: 'end', ending: { cause: 'cancelled' } })
  })

  test('leaves the log with what has no effect in its document, and with why it is of no use', async () => {
    const { url } = await app({ '/voice': twiml('<Dial timeLimit="9"><Client>bob</Client></Dial>') })
    const made = site(`{twiml: "${url}/voice"}`)
    await made.session().next(START)
    expect(made.lines).toContainEqual([
      'debug',
      expect.objectContaining({ url: `${url}/voice` }),
      'line 1: <Dial timeLimit> has no effect',
    ])
  })
})
