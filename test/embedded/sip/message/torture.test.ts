import { expect, test } from 'vitest'
import { parseMessage } from '../../../../src/embedded/sip/message/parse.js'
import { isUsableResponse, requestDefect } from '../../../../src/embedded/sip/message/validate.js'

/** What becomes of a datagram: it is served, refused with a status, or dropped. */
function outcome(text: string): 'served' | 'dropped' | number {
  const parsed = parseMessage(Buffer.from(text, 'latin1'), { headerLines: 256 })
  if (!parsed) return 'dropped'
  const { message } = parsed
  if (message.kind === 'response') return !parsed.defect && isUsableResponse(message) ? 'served' : 'dropped'
  return parsed.defect?.status ?? requestDefect(message)?.status ?? 'served'
}

/** A message of which a case says only what is odd about it; `undefined` leaves a line out. */
function odd(startLine: string, changes: Record<string, string | undefined> = {}, body = ''): string {
  const method = startLine.split(/\s/)[0] ?? ''
  const lines: Record<string, string | undefined> = {
    Via: 'SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK23414',
    'Max-Forwards': '70',
    From: '<sip:caller@example.net>;tag=10392',
    To: '<sip:user@example.com>',
    'Call-ID': 'case.0ha0isndaksdj',
    CSeq: `8 ${method}`,
    Contact: '<sip:caller@host5.example.net>',
    ...changes,
  }
  const head = Object.entries(lines).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  )
  return [startLine, ...head, '', body].join('\r\n')
}

const INVITE = 'INVITE sip:user@example.com SIP/2.0'
const OPTIONS = 'OPTIONS sip:user@example.com SIP/2.0'
const REGISTER = 'REGISTER sip:example.com SIP/2.0'

/** RFC 4475, by the names of its cases. */
const CASES: readonly (readonly [name: string, message: string, outcome: 'served' | 'dropped' | number])[] = [
  [
    'wsinv: a short tortuous INVITE',
    [
      'INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0',
      'TO :',
      ' sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n',
      'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
      '  ;',
      '  tag = 98asjd8',
      'MaX-fOrWaRdS: 0068',
      'Call-ID: wsinv.ndaksdj@192.0.2.1',
      'Content-Length   : 0',
      'cseq: 0009',
      '  INVITE',
      'Via  : SIP  /   2.0',
      ' /UDP',
      '    192.0.2.2;branch=390skdjuw',
      's :',
      'NewFangledHeader:   newfangled value',
      ' continued newfangled value',
      'UnknownHeaderWithUnusualValue: ;;,,;;,;',
      'Content-Type: application/sdp',
      'Route:',
      ' <sip:services.example.com;lr;unknownwith=value;unknown-no-value>',
      'v:  SIP  / 2.0  / TCP     spindle.example.com   ;',
      '  branch  =   z9hG4bK9ikj8  ,',
      ' SIP  /    2.0   / UDP  192.168.255.111   ; branch=',
      ' z9hG4bK30239',
      'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =',
      '      newvalue ;',
      '  secondparam ; q = 0.33',
      '',
      '',
    ].join('\r\n'),
    'served',
  ],
  [
    'intmeth: wide range of valid characters',
    odd(
      "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0",
      { To: '"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:1_unusual@example.com>', Contact: undefined },
    ).replace('\\\x00', '\\x'),
    'served',
  ],
  [
    'esc01: valid use of the % escape',
    odd('INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0'),
    'served',
  ],
  ['escnull: escaped nulls in URIs', odd(REGISTER, { To: '<sip:null-%00-null@example.com>' }), 'served'],
  ['esc02: % when it is not an escape', odd('RE%47IST%45R sip:registrar.example.com SIP/2.0'), 'served'],
  [
    'lwsdisp: no space between display name and <',
    odd(OPTIONS, { From: 'caller<sip:caller@example.com>;tag=323' }),
    'served',
  ],
  [
    'longreq: long values',
    odd(INVITE, { 'X-Unknown': 'x'.repeat(8000), From: `"${'n'.repeat(500)}" <sip:a@b>;tag=1` }),
    'served',
  ],
  [
    'dblreq: extra octets behind a datagram',
    `${odd(REGISTER, { 'Content-Length': '0' })}${odd(INVITE)}`,
    'served',
  ],
  [
    'semiuri: semicolon-separated parameters in the user part',
    odd('OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0'),
    'served',
  ],
  [
    'transports: varied and unknown transport types',
    odd(OPTIONS, {
      Via: 'SIP/2.0/UDP t1.example.com;branch=z9hG4bKk, SIP/2.0/UNKNOWN t5.example.com;branch=z9hG4bKx',
    }),
    'served',
  ],
  [
    'unreason: unusual reason phrase',
    odd('SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe', { CSeq: '35 INVITE' }),
    'served',
  ],
  ['noreason: empty reason phrase', odd('SIP/2.0 100 ', { CSeq: '35 INVITE' }), 'served'],
  [
    'badinv01: extraneous separators',
    odd(INVITE, { Via: 'SIP/2.0/UDP 192.0.2.15;;,;,,', Contact: '"Joe" <sip:joe@example.org>;;;;' }),
    400,
  ],
  ['clerr: Content-Length larger than the message', odd(INVITE, { 'Content-Length': '9999' }, 'v=0'), 400],
  ['ncl: negative Content-Length', odd(INVITE, { 'Content-Length': '-999' }), 400],
  [
    'scalar02: request scalars out of range',
    odd(REGISTER, { CSeq: '36893488147419103232 REGISTER', 'Max-Forwards': '300', Expires: '1'.repeat(100) }),
    400,
  ],
  [
    'scalarlg: response scalars out of range',
    odd('SIP/2.0 503 Service Unavailable', { CSeq: '9292394834772304023312 OPTIONS' }),
    'dropped',
  ],
  ['quotbal: unterminated quoted string', odd(INVITE, { To: '"Mr. J. User <sip:j.user@example.com>' }), 400],
  ['ltgtruri: <> around the Request-URI', odd('INVITE <sip:user@example.com> SIP/2.0'), 400],
  ['lwsruri: white space inside the Request-URI', odd('INVITE sip:user@example.com; lr SIP/2.0'), 400],
  ['lwsstart: several spaces in the request line', odd('INVITE  sip:user@example.com  SIP/2.0'), 400],
  ['trws: spaces behind the request line', odd('OPTIONS sip:remote@example.com SIP/2.0  '), 'served'],
  [
    'escruri: escaped headers in the Request-URI',
    odd('INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0'),
    400,
  ],
  ['baddate: invalid time zone in a Date', odd(INVITE, { Date: 'Fri, 01 Jan 2010 16:00:00 EST' }), 'served'],
  [
    'regbadct: name-addr form needed in Contact',
    odd(REGISTER, { Contact: 'sip:user@example.com?Route=%3Csip:sip.example.com%3E' }),
    400,
  ],
  [
    'badaspec: spaces within an addr-spec',
    odd(OPTIONS, { To: '"Watson, Thomas" < sip:t.watson@example.org >' }),
    'served',
  ],
  [
    'baddn: characters that are no token in a display name',
    odd(OPTIONS, { From: 'Bell, Alexander <sip:a.g.bell@example.com>;tag=43' }),
    'served',
  ],
  ['badvers: unknown protocol version', odd('OPTIONS sip:t.watson@example.org SIP/7.0'), 505],
  ['mismatch01: CSeq method differs', odd(OPTIONS, { CSeq: '8 INVITE' }), 400],
  [
    'mismatch02: CSeq method differs from an unknown method',
    odd('NEWMETHOD sip:user@example.com SIP/2.0', { CSeq: '8 INVITE' }),
    400,
  ],
  [
    'bigcode: overlarge response code',
    odd('SIP/2.0 4294967301 better not break the receiver', { CSeq: '1 INVITE' }),
    'dropped',
  ],
  [
    'badbranch: missing transaction identifier',
    odd(OPTIONS, { Via: 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK' }),
    'served',
  ],
  [
    'insuf: missing required header fields',
    odd(INVITE, { 'Call-ID': undefined, From: undefined, To: undefined }),
    400,
  ],
  ['unkscm: unknown URI scheme', odd('OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0'), 416],
  ['novelsc: known but atypical URI scheme', odd('OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0'), 416],
  [
    'unksm2: unknown schemes in other headers',
    odd(REGISTER, { To: '<isbn:2983792873>', From: '<http://www.example.com>;tag=3234' }),
    'served',
  ],
  [
    'multi01: repeated single-value headers',
    `${odd(INVITE).trimEnd()}\r\nCSeq: 59 INVITE\r\nCall-ID: other\r\n\r\n`,
    400,
  ],
  ['multi01: repeated Max-Forwards', `${odd(INVITE).trimEnd()}\r\nMax-Forwards: 5\r\n\r\n`, 400],
  [
    'mcl01: several Content-Lengths',
    `${odd(OPTIONS, { 'Content-Length': '13' }).trimEnd()}\r\nContent-Length: 5\r\n\r\nThere's no way`,
    400,
  ],
  ['zeromf: Max-Forwards of zero', odd(OPTIONS, { 'Max-Forwards': '0' }), 'served'],
  [
    'cparam01: parameter of a Contact',
    odd(REGISTER, { Contact: 'sip:+19725552222@gw1.example.net;unknownparam' }),
    'served',
  ],
  [
    'regescrt: escaped headers in a registered Contact',
    odd(REGISTER, { Contact: '<sip:user@example.com?Route=%3Csip:sip.example.com%3E>' }),
    'served',
  ],
  [
    'inv2543: an INVITE of RFC 2543',
    odd(INVITE, {
      Via: 'SIP/2.0/UDP iftgw.example.com',
      From: '<sip:+13035551111@ift.client.example.net;user=phone>',
      'Max-Forwards': undefined,
    }),
    'served',
  ],
  [
    'a REGISTER that removes all contacts needs Expires: 0',
    odd(REGISTER, { Contact: '*', Expires: '60' }),
    400,
  ],
  ['a REGISTER that removes all contacts', odd(REGISTER, { Contact: '*', Expires: '0' }), 'served'],
  ['an INVITE without a Contact', odd(INVITE, { Contact: undefined }), 400],
]

test.each(CASES)('%s', (_, message, expected) => {
  expect(outcome(message)).toBe(expected)
})
