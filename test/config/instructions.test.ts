import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Config, ConfigError, parseConfig } from '../../src/config/index.js'

const REST = `
trunks: {pstn: {proxy: "sip:10.0.0.1"}}
users: {alice: {}, bob: {no-answer: {instructions: menu}}}
groups: {sales: {members: [{user: alice}]}}
`

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'))
  mkdirSync(join(folder, 'sounds'))
  writeFileSync(join(folder, 'sounds', 'welcome.wav'), '')
})

afterAll(() => rmSync(folder, { recursive: true }))

function read(text: string): Config {
  return parseConfig(`${REST}${text}`, join(folder, 'reveille.yaml'), {})
}

/** Everything that is wrong, as `key: message`. */
function wrong(text: string): readonly string[] {
  try {
    read(text)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ key, message }) => `${key}: ${message}`)
  }
  return []
}

/** Named instructions `menu` of these verbs, one a line. */
const menu = (...verbs: readonly string[]): string =>
  `instructions:\n  sounds: sounds\n  sources:\n    menu:\n      do:\n${verbs.map((each) => `        - ${each}\n`).join('')}`

describe('instructions in the configuration', () => {
  it('are verbs with the settings that they do not name', () => {
    const { instructions } = read(
      menu(
        'play: {file: welcome.wav}',
        'gather: {choices: {"1": menu, "22": "https://app.example/22"}}',
        'ring: {to: [{user: alice}, {client: dave}, {number: "+1555 0100"}], unless: [busy]}',
        'pause: 2s',
        'reject: {reason: busy}',
        'hang-up: {}',
      ),
    )
    expect(instructions.sources.get('menu')).toEqual({
      ...{ kind: 'do', trunk: null, presence: [], otherwise: null },
      verbs: [
        { verb: 'play', sound: { kind: 'file', file: 'welcome.wav' }, times: 1, answer: true },
        {
          ...{ verb: 'gather', prompts: [], times: 1, answer: true, maxDigits: 2, finishOn: '#' },
          ...{ timeoutMs: 5000, action: null, actionOnEmpty: false },
          choices: new Map([
            ['1', { to: 'menu', method: 'POST' }],
            ['22', { to: 'https://app.example/22', method: 'POST' }],
          ]),
        },
        {
          ...{ verb: 'ring', strategy: 'side-by-side', timeoutMs: null, callerId: null, answerFirst: false },
          ...{ unless: ['busy'], action: null },
          to: [
            { kind: 'user', user: 'alice' },
            { kind: 'client', client: 'dave' },
            { kind: 'number', number: '+15550100', trunk: null },
          ],
        },
        { verb: 'pause', ms: 2000 },
        { verb: 'reject', status: 486 },
        { verb: 'hang-up' },
      ],
    })
  })

  it('are what routes name, hold themselves, or users fall back on', () => {
    const { routes, users } = read(`
${menu('hang-up: {}')}
routes:
  - {match: "1*", instructions: menu}
  - {match: "2*", instructions: {twiml: "https://app.example/voice", trunk: pstn, otherwise: {user: bob}}}
  - {match: "3*", instructions: {do: [{redirect: menu}]}}
`)
    expect(users.get('bob')?.noAnswer).toEqual({ kind: 'instructions', name: 'menu' })
    expect(routes).toEqual([
      { match: '1*', to: { kind: 'instructions', name: 'menu' } },
      {
        match: '2*',
        to: { kind: 'instructions', name: 'of 2*' },
        inline: {
          ...{
            kind: 'twiml',
            url: 'https://app.example/voice',
            method: 'POST',
            fallback: null,
            timeoutMs: 5000,
          },
          ...{ retries: 1, headers: new Map(), authToken: null, account: null, statusCallback: null },
          ...{ trunk: 'pstn', presence: [], otherwise: { kind: 'user', user: 'bob' } },
        },
      },
      {
        match: '3*',
        to: { kind: 'instructions', name: 'of 3*' },
        inline: {
          ...{ kind: 'do', trunk: null, presence: [], otherwise: null },
          verbs: [{ verb: 'redirect', to: { to: 'menu', method: 'POST' } }],
        },
      },
    ])
  })

  it.each([
    ['record: {}', 'do[0].record: expected no such verb: this server records no calls, got keys and values'],
    ['say: {text: Hello}', 'do[0].say: needs a speech engine; none is configured (instructions.speech)'],
    ['play: {file: other.wav}', 'do[0].play.file: there is no such file in sounds'],
    [
      'play: {file: ../secret.wav}',
      'do[0].play.file: expected a file below the folder of sounds, got "../secret.wav"',
    ],
    [
      'play: {file: a/../../b}',
      'do[0].play.file: expected a file below the folder of sounds, got "a/../../b"',
    ],
    ['play: {}', 'do[0].play: needs exactly one of file, url and tone'],
    ['play: {url: "http://app.example/a.wav"}', 'do[0].play.url: needs https, or instructions.allow-http'],
    ['redirect: mneu', 'do[0].redirect: there are no instructions mneu; did you mean menu?'],
    ['ring: {to: [{user: alcie}]}', 'do[0].ring.to[0].user: there is no user alcie; did you mean alice?'],
    ['ring: {to: [{user: alice, trunk: pstn}]}', 'do[0].ring.to[0]: trunk belongs to a number or uri'],
    ['ring: {to: []}', 'do[0].ring.to: expected at least one destination'],
    [
      'gather: {prompts: [{say: {text: One}}], choices: {"1": nobody}}',
      'do[0].gather.prompts[0].say: needs a speech engine; none is configured (instructions.speech)',
      'do[0].gather.choices."1": there are no instructions nobody',
    ],
    [
      'rign: {}',
      'do[0].rign: unknown key; did you mean "ring"?',
      'do[0]: needs exactly one of ring, play, say, gather, pause, redirect, reject and hang-up',
    ],
    ['{}', 'do[0]: needs exactly one of ring, play, say, gather, pause, redirect, reject and hang-up'],
  ])('are refused with the place where they are wrong: %s', (verb, ...expected) => {
    const found = wrong(menu(verb)).map((each) => each.replace('instructions.sources.menu.', ''))
    expect(found).toEqual(expected.map((each) => each.replace('choices."1"', 'choices.1')))
  })

  it('are refused where a source names what is not there, or has keys of no use', () => {
    const text = `
instructions:
  speech: {url: "http://127.0.0.1/say"}
  sources:
    menu: {do: [{say: {text: Hello}}], auth-token: x}
    app: {twiml: "http://app.example/", trunk: none, presence: [zoe]}
    json: {webhook: "https://app.example/", method: GET, account: AC1}
    both: {webhook: "https://app.example/", do: [{hang-up: {}}]}
routes: [{match: "1", instructions: apq}, {match: "2", instructions: {name: menu, do: [{hang-up: {}}]}}]
`
    expect(wrong(text).map((each) => each.replace('instructions.sources.', ''))).toEqual([
      'instructions.speech.url: needs https, or instructions.allow-http',
      'menu.auth-token: belongs to twiml or webhook',
      'app.twiml: needs https, or instructions.allow-http',
      'app.trunk: there is no trunk none',
      'app.presence[0]: there is no user zoe',
      'json.method: belongs to twiml: a JSON webhook is asked by POST',
      'json.account: belongs to twiml',
      'both: needs exactly one of twiml, webhook and do',
      'routes[0].instructions: there are no instructions apq; did you mean app?',
      'routes[1].instructions: needs exactly one of name, twiml, webhook and do',
    ])
  })
})
