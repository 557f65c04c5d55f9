import twilio from 'twilio'
import { describe, expect, test } from 'vitest'
import { DocumentFault } from '../../src/instructions/documents/fault.js'
import { parseTwiml } from '../../src/instructions/documents/twiml.js'

/** What the document says, with a speech engine or without. */
function read(text: string, speech = true) {
  const ignored: string[] = []
  const verbs = parseTwiml(text, { speech, ignored: (what) => ignored.push(what) })
  return { verbs, ignored }
}

const response = (inner: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Response>\n${inner}\n</Response>`

const RING = {
  ...{ verb: 'ring', strategy: 'side-by-side', timeoutMs: 30_000, callerId: null, answerFirst: true },
  ...{ unless: [], action: null },
}
const GATHER = {
  ...{ verb: 'gather', times: 1, answer: true, choices: null, maxDigits: 64, finishOn: '#', timeoutMs: 5000 },
  ...{ action: { to: '', method: 'POST' }, actionOnEmpty: false, prompts: [] },
}

describe('TwiML', () => {
  test.each([
    [
      'a number',
      '<Dial>415-123-4567</Dial>',
      { ...RING, to: [{ kind: 'number', number: '4151234567', trunk: null }] },
    ],
    [
      'several at once, by a caller id, with an action',
      '<Dial timeout="12" callerId="+1 555 0100" action="/next" method="GET" answerOnBridge="true">' +
        '<Number>+15550101</Number><Client>bob</Client><Client><Identity>eve</Identity></Client>' +
        '<Sip>sip:desk@10.0.0.9:5070;transport=tcp</Sip></Dial>',
      {
        ...{ ...RING, timeoutMs: 12_000, callerId: '+15550100', answerFirst: false },
        action: { to: '/next', method: 'GET' },
        to: [
          { kind: 'number', number: '+15550101', trunk: null },
          { kind: 'client', client: 'bob' },
          { kind: 'client', client: 'eve' },
          { kind: 'uri', uri: 'sip:desk@10.0.0.9:5070;transport=tcp', trunk: null },
        ],
      },
    ],
    [
      'one after another',
      '<Dial sequential="true" callerId="client:ann"><Client>bob</Client><Number>7001</Number></Dial>',
      {
        ...{ ...RING, strategy: 'in-turn', callerId: 'ann' },
        to: [
          { kind: 'client', client: 'bob' },
          { kind: 'number', number: '7001', trunk: null },
        ],
      },
    ],
    [
      'a sound, for ever',
      '<Play loop="0">https://app.example/a &amp; b.wav</Play>',
      {
        verb: 'play',
        sound: { kind: 'url', url: 'https://app.example/a & b.wav' },
        times: 1000,
        answer: true,
      },
    ],
    [
      'speech',
      '<Say language="de-DE" voice="alice" loop="2">Guten <emphasis>Tag</emphasis></Say>',
      {
        ...{ verb: 'play', times: 2, answer: true },
        sound: { kind: 'speech', text: 'Guten Tag', language: 'de-DE', voice: 'alice' },
      },
    ],
    ['digits, with what is usual', '<Gather/>', GATHER],
    [
      'digits',
      '<Gather numDigits="1" finishOnKey="" timeout="10" action="menu" input="dtmf speech" actionOnEmptyResult="true">' +
        '<Play>one.wav</Play><Pause length="2"/><Say>Or two</Say></Gather>',
      {
        ...{ ...GATHER, maxDigits: 1, finishOn: null, timeoutMs: 10_000, actionOnEmpty: true },
        action: { to: 'menu', method: 'POST' },
        prompts: [
          { sound: { kind: 'url', url: 'one.wav' }, times: 1 },
          { sound: { kind: 'silence', ms: 2000 }, times: 1 },
          { sound: { kind: 'speech', text: 'Or two', language: null, voice: null }, times: 1 },
        ],
      },
    ],
    ['a pause', '<Pause/>', { verb: 'pause', ms: 1000 }],
    [
      'a redirect',
      '<Redirect method="GET">../other?a=1</Redirect>',
      { verb: 'redirect', to: { to: '../other?a=1', method: 'GET' } },
    ],
    ['a redirect to itself', '<Redirect/>', { verb: 'redirect', to: { to: '', method: 'POST' } }],
    ['busy', '<Reject reason="busy"/>', { verb: 'reject', status: 486 }],
    ['a refusal', '<Reject/>', { verb: 'reject', status: 603 }],
    ['the end', '<Hangup/>', { verb: 'hang-up' }],
  ])('says %s', (_what, text, verb) => {
    expect(read(response(text))).toEqual({ verbs: [verb], ignored: [] })
  })

  test('may say nothing', () => {
    expect(read('<Response/>').verbs).toEqual([])
  })

  test('says what of it has no effect', () => {
    const text =
      '<Dial timeLimit="60"><Number statusCallback="/x">7001</Number>\n<Client><Identity>a</Identity><Parameter name="x"/></Client></Dial>'
    expect(read(response(text)).ignored).toEqual([
      'line 3: <Dial timeLimit> has no effect',
      'line 3: <Number statusCallback> has no effect',
      'line 4: <Parameter> in <Client> has no effect',
    ])
  })

  test('is what the official helper writes', () => {
    const built = new twilio.twiml.VoiceResponse()
    const gather = built.gather({ numDigits: 1, action: '/chosen', timeout: 4 })
    gather.play('https://app.example/menu.wav')
    built.dial({ answerOnBridge: true, timeout: 20 }).client('bob')
    built.redirect('/again')
    expect(read(built.toString())).toEqual({
      verbs: [
        {
          ...{ ...GATHER, maxDigits: 1, timeoutMs: 4000, action: { to: '/chosen', method: 'POST' } },
          prompts: [{ sound: { kind: 'url', url: 'https://app.example/menu.wav' }, times: 1 }],
        },
        { ...RING, answerFirst: false, timeoutMs: 20_000, to: [{ kind: 'client', client: 'bob' }] },
        { verb: 'redirect', to: { to: '/again', method: 'POST' } },
      ],
      ignored: [],
    })
  })
})

describe('TwiML is refused that', () => {
  test.each([
    [
      'speaks without a speech engine',
      '<Pause/>\n<Say>Hi</Say>',
      'line 4: <Say> needs a speech engine; none is configured',
    ],
    ['records', '<Record/>', 'line 3: <Record> is off: this server records no calls'],
    [
      'records while it dials',
      '<Dial record="record-from-answer">7001</Dial>',
      'line 3: <Dial record="record-from-answer"> is off: this server records no calls',
    ],
    ['has a verb that is not ours', '<Pause/><Enqueue>x</Enqueue>', 'line 3: <Enqueue> is not known here'],
    ['has a verb in another case', '<dial>7001</dial>', 'line 3: <dial> is not known here'],
    ['dials nobody', '<Dial/>', 'line 3: <Dial> names nobody'],
    [
      'dials a conference',
      '<Dial>\n<Conference>x</Conference></Dial>',
      'line 4: <Conference> is not known in <Dial>',
    ],
    ['dials what is no number', '<Dial>now!</Dial>', 'line 3: <Dial>: "now!" is no phone number'],
    ['dials what is no SIP URI', '<Dial><Sip>bob@x</Sip></Dial>', 'line 3: <Sip>: "bob@x" is no SIP URI'],
    ['dials a client without a name', '<Dial><Client/></Dial>', 'line 3: <Client> has no name'],
    [
      'shows a caller id that is none',
      '<Dial callerId="a b">7</Dial>',
      'line 3: <Dial callerId="a b">: expected a number or a name',
    ],
    [
      'has an attribute that is none',
      '<Dial timeout="soon">7</Dial>',
      'line 3: <Dial timeout="soon">: expected a whole number',
    ],
    [
      'has a method of its own',
      '<Redirect method="PUT">/</Redirect>',
      'line 3: <Redirect method="PUT">: expected one of POST, GET',
    ],
    [
      'asks for speech',
      '<Gather input="speech"/>',
      'line 3: <Gather input="speech"> needs speech recognition, which is not supported',
    ],
    ['dials while it gathers', '<Gather><Dial>7</Dial></Gather>', 'line 3: <Dial> is not known in <Gather>'],
    [
      'has more than 50 prompts',
      `<Pause/>\n<Gather>${'<Pause/>'.repeat(51)}</Gather>`,
      'line 4: <Gather> has more than 50 prompts',
    ],
    [
      'sends digits',
      '<Play digits="12"/>',
      'line 3: <Play digits> is not supported: no digits are sent to the caller',
    ],
    ['is not closed', '<Dial>7', 'line 4: is no XML: unexpected close tag.'],
    ['has an entity of its own', '<Dial>&x;</Dial>', 'line 3: is no XML: undefined entity.'],
    ['has more than 100 verbs', '<Pause/>'.repeat(101), 'has more than 100 verbs'],
    [
      'has more than 500 elements',
      `<Dial>${'<Number>7</Number>'.repeat(500)}</Dial>`,
      'line 3: has more than 500 elements',
    ],
    ['is nested deep', '<Dial>'.repeat(9), 'line 3: <Dial> is nested too deep'],
  ])('%s', (_what, text, message) => {
    expect(() => read(response(text), false)).toThrow(new DocumentFault(message))
  })

  test.each([
    ['is not TwiML', '<html><body/></html>', 'line 1: <html> where <Response> is expected'],
    ['is empty', '', 'line 1: is no XML: document must contain a root element.'],
    ['is text', 'OK', 'line 1: is no XML: text data outside of root node.'],
    [
      'has a DTD',
      '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<Response><Dial>&b;</Dial></Response>',
      'line 1: has a DTD, which is not read',
    ],
  ])('%s', (_what, text, message) => {
    expect(() => read(text)).toThrow(new DocumentFault(message))
  })
})
