import { z } from 'zod'
import { duration, flag, leaf, matching, oneOf, phoneNumber, sipUri, text, whole } from './leaf.js'
import { plainName } from './names.js'
import { presenceWords } from './presence.js'
import { finished, section } from './section.js'
import type { Complain } from './section.js'
import { MOST_DIGITS, MOST_PROMPTS } from './verb.js'
import type { Gather, Play, Prompt, Reference, Ring, SoundSource, Verb, Whom } from './verb.js'

const whom = finished(
  {
    user: text('the name of a user').optional(),
    client: text('the name of a client').optional().describe('A user, or a client of its own.'),
    group: text('the name of a group').optional().describe('All of its members at once.'),
    number: phoneNumber().optional().describe('One of ours, or out through the trunk.'),
    uri: sipUri().optional().describe('Goes out through the trunk.'),
    trunk: text('the name of a trunk').optional(),
  },
  ({ user, client, group, number, uri, trunk = null }, complain): Whom => {
    const ways: Whom[] = []
    if (user !== undefined) ways.push({ kind: 'user', user })
    if (client !== undefined) ways.push({ kind: 'client', client })
    if (group !== undefined) ways.push({ kind: 'group', group })
    if (number !== undefined) ways.push({ kind: 'number', number, trunk })
    if (uri !== undefined) ways.push({ kind: 'uri', uri, trunk })
    const [way, ...more] = ways
    if (way === undefined || more.length > 0)
      complain('needs exactly one of user, client, group, number and uri')
    else if (trunk !== null && way.kind !== 'number' && way.kind !== 'uri')
      complain('trunk belongs to a number or uri')
    return way ?? z.NEVER
  },
)

/** The name of instructions, or a URL. */
const reference = () =>
  leaf<Reference>(
    (value) => (/^[\x21-\x7e]{1,2048}$/.test(value) ? { to: value, method: 'POST' } : undefined),
    {
      expected: 'the name of instructions, or a URL',
      json: { type: 'string' },
    },
  )

const ring = finished(
  {
    to: z
      .array(whom)
      .min(1, { error: 'expected at least one destination' })
      .max(20, { error: 'expected 20 destinations at most' }),
    strategy: oneOf('side-by-side', 'in-turn')
      .prefault('side-by-side')
      .describe('All ring at once, or one after another.'),
    timeout: duration('s', '1s', '10m').optional().describe('How long each step rings.'),
    'caller-id': matching(/^[A-Za-z0-9_.+*#-]{1,64}$/, 'a number or a name')
      .optional()
      .describe('Whom those who are rung see as the caller.'),
    'answer-first': flag().prefault(false).describe('The caller is answered before, and hears ringback.'),
    unless: presenceWords.optional().describe('Users of this presence are left out.'),
    action: reference().optional().describe('Is told the result, and says how it goes on.'),
  },
  ({ to, strategy, timeout, callerId, answerFirst, unless, action }): Ring => ({
    ...{ verb: 'ring', to, strategy, answerFirst, unless: unless ?? [] },
    ...{ timeoutMs: timeout ?? null, callerId: callerId ?? null, action: action ?? null },
  }),
)

const times = () => whole(1, 1000).prefault(1)

const playKeys = {
  file: matching(
    /^(?!\.{1,2}(?:\/|$))[^/\\\0](?:(?!\/\.{1,2}(?:\/|$))[^\\\0])*$/,
    'a file below the folder of sounds',
  ).optional(),
  url: matching(/^[!-~]+$/, 'a URL').optional(),
  tone: oneOf('ringback', 'busy', 'congestion').optional(),
  for: duration('s', '100ms', '10m').optional().describe('With tone: how long, 5 s without it.'),
  times: times(),
}

interface PlayKeys {
  readonly file?: string
  readonly url?: string
  readonly tone?: 'ringback' | 'busy' | 'congestion'
  readonly for?: number
}

function soundOf({ file, url, tone, for: ms }: PlayKeys, complain: Complain): SoundSource {
  const ways: SoundSource[] = []
  if (file !== undefined) ways.push({ kind: 'file', file })
  if (url !== undefined) ways.push({ kind: 'url', url })
  if (tone !== undefined) ways.push({ kind: 'tone', tone, ms: ms ?? 5000 })
  const [way, ...more] = ways
  if (way === undefined || more.length > 0) complain('needs exactly one of file, url and tone')
  else if (ms !== undefined && tone === undefined) complain('for belongs to a tone')
  return way ?? z.NEVER
}

const sayKeys = {
  text: matching(/^[^\0]{1,4096}$/, 'text of 4096 characters at most'),
  language: matching(/^[A-Za-z0-9-]{1,35}$/, 'a language such as en-US').optional(),
  voice: plainName.optional(),
  times: times(),
}

interface SayKeys {
  readonly text: string
  readonly language?: string
  readonly voice?: string
}

function speechOf({ text: said, language, voice }: SayKeys): SoundSource {
  return { kind: 'speech', text: said, language: language ?? null, voice: voice ?? null }
}

const answer = () =>
  flag().prefault(true).describe('The caller is answered before; otherwise it hears early media.')

const play = finished({ ...playKeys, answer: answer() }, (value, complain): Play => ({
  ...{ verb: 'play', sound: soundOf(value, complain), times: value.times, answer: value.answer },
}))

const say = finished({ ...sayKeys, answer: answer() }, (value): Play => ({
  ...{ verb: 'play', sound: speechOf(value), times: value.times, answer: value.answer },
}))

const pause = () => duration('s', '100ms', '10m')

const prompt = finished(
  {
    play: finished(playKeys, (value, complain) => ({
      sound: soundOf(value, complain),
      times: value.times,
    })).optional(),
    say: finished(sayKeys, (value) => ({ sound: speechOf(value), times: value.times })).optional(),
    pause: pause().optional(),
  },
  (value, complain): Prompt => {
    const silence = value.pause === undefined ? undefined : ({ kind: 'silence', ms: value.pause } as const)
    const ways = [value.play, value.say, silence && { sound: silence, times: 1 }].filter(
      (way) => way !== undefined,
    )
    const [way, ...more] = ways
    if (way === undefined || more.length > 0) complain('needs exactly one of play, say and pause')
    return way ?? z.NEVER
  },
)

const digits = matching(/^[0-9A-D*#]{1,32}$/, 'digits such as "1" or "42"')

const gather = finished(
  {
    prompts: z
      .array(prompt)
      .max(MOST_PROMPTS, { error: `expected ${MOST_PROMPTS} prompts at most` })
      .prefault([]),
    times: whole(1, 20).prefault(1).describe('How often the prompts are heard.'),
    'max-digits': whole(1, MOST_DIGITS).optional().describe('It is over with so many digits.'),
    'finish-on': matching(/^([0-9*#]|none)$/, 'one of 0 to 9, * and #, or none').prefault('#'),
    timeout: duration('s', '100ms', '5m')
      .prefault('5s')
      .describe('How long after the prompts, and after each digit, the next one is awaited.'),
    action: reference().optional().describe('Is told the digits, and says how it goes on.'),
    choices: z
      .record(digits, reference())
      .optional()
      .describe('How it goes on, by the digits that were dialled.'),
    'action-on-empty': flag().prefault(false).describe('The action is asked where nothing was dialled, too.'),
    answer: answer(),
  },
  (value, complain): Gather => {
    const { prompts, maxDigits, finishOn, timeout, action, choices, actionOnEmpty } = value
    if (action !== undefined && choices !== undefined) complain('has action or choices, not both')
    const longest = Math.max(0, ...Object.keys(choices ?? {}).map((each) => each.length))
    return {
      ...{ verb: 'gather', prompts, times: value.times, answer: value.answer, actionOnEmpty },
      maxDigits: maxDigits ?? (longest || MOST_DIGITS),
      finishOn: finishOn === 'none' ? null : finishOn,
      timeoutMs: timeout,
      action: action ?? null,
      choices: choices === undefined ? null : new Map(Object.entries(choices)),
    }
  },
)

const reject = finished(
  {
    reason: oneOf('busy', 'rejected').optional().describe('486 or 603.'),
    status: whole(400, 699).optional().describe('The SIP status that the caller gets.'),
  },
  ({ reason, status }, complain): Verb => {
    if (reason !== undefined && status !== undefined) complain('has reason or status, not both')
    return { verb: 'reject', status: status ?? (reason === 'busy' ? 486 : 603) }
  },
)

const notRecorded = leaf<never>(() => undefined, {
  expected: 'no such verb: this server records no calls',
  json: { not: {} },
})

/** One step of instructions: an object with one key, the verb. */
export const verb = finished(
  {
    ring: ring.optional().describe('Others are rung for the caller.'),
    play: play.optional().describe('The caller hears a sound.'),
    say: say.optional().describe('The caller hears a text, where a speech engine is configured.'),
    gather: gather.optional().describe('The caller dials digits.'),
    pause: pause().optional().describe('Silence.'),
    redirect: reference().optional().describe('It goes on with other instructions.'),
    reject: reject.optional().describe('The caller is refused.'),
    'hang-up': section({}).optional().describe('The call ends.'),
    record: notRecorded.optional().describe('Not supported.'),
  },
  (value, complain): Verb => {
    const { ring: rung, play: played, say: said, gather: gathered, reject: rejected } = value
    const ways = [
      ...[rung, played, said, gathered, rejected],
      value.pause === undefined ? undefined : { verb: 'pause' as const, ms: value.pause },
      value.redirect === undefined ? undefined : { verb: 'redirect' as const, to: value.redirect },
      value.hangUp === undefined ? undefined : { verb: 'hang-up' as const },
    ].filter((way) => way !== undefined)
    const [way, ...more] = ways
    if (way === undefined || more.length > 0) {
      complain('needs exactly one of ring, play, say, gather, pause, redirect, reject and hang-up')
    }
    return way ?? z.NEVER
  },
)

export const verbs = z
  .array(verb)
  .min(1, { error: 'expected at least one verb' })
  .max(100, { error: 'expected 100 verbs at most' })
