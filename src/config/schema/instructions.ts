import { z } from 'zod'
import type { Files } from './files.js'
import { folder } from './files.js'
import { duration, flag, leaf, matching, network, oneOf, secret, text, url, whole } from './leaf.js'
import { plainName } from './names.js'
import { finished, named, section } from './section.js'
import type { CamelKeys, Complain } from './section.js'
import type { Target } from './targets.js'
import { verbs } from './verbs.js'
import type { Verb } from './verb.js'

const webUrl = () => url('http', 'https')
const method = () => oneOf('POST', 'GET').prefault('POST')

const headerName = matching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'the name of an HTTP header')
const headerValue = leaf((value) => (/^[\t\x20-\x7e]*$/.test(value) ? value : undefined), {
  expected: 'the value of an HTTP header, on one line',
  json: { type: ['string', 'number', 'boolean'] },
  secret: true,
})

/** A webhook that says what to do. Times in milliseconds. */
export interface WebSource {
  readonly kind: 'twiml' | 'webhook'
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly fallback: string | null
  /** Of one request, its redirects included. */
  readonly timeoutMs: number
  /** How often a request is repeated that got no answer, or 429 or 5xx. */
  readonly retries: number
  readonly headers: ReadonlyMap<string, string>
  /** Signs requests. */
  readonly authToken: string | null
  readonly account: string | null
  /** Is told how the call ended. */
  readonly statusCallback: string | null
}

export type Source = SourceCommons & (WebSource | { readonly kind: 'do'; readonly verbs: readonly Verb[] })

export interface SourceCommons {
  /** Through which numbers and URIs outside are rung; null: the one that the call came by. */
  readonly trunk: string | null
  /** Users whose presence the webhook is told. */
  readonly presence: readonly string[]
  /** Where a call goes whose instructions cannot be had. */
  readonly otherwise: Target | null
}

const webKeys = {
  method: method().describe('twiml: how its URL is asked.'),
  fallback: webUrl()
    .optional()
    .describe('Asked where the URL, or another of this application, gives no instructions.'),
  timeout: duration('s', '100ms', '30s').prefault('5s').describe('Of one request, redirects included.'),
  retries: whole(0, 5)
    .prefault(1)
    .describe('How often a request is repeated that found nobody, or 429 or 5xx.'),
  headers: named(headerName, headerValue),
  'auth-token': secret().optional().describe('Signs the requests.'),
  account: matching(/^[\x21-\x7e]{1,64}$/, 'a name without spaces')
    .optional()
    .describe('twiml: the AccountSid.'),
  'status-callback': webUrl().optional().describe('Is told how the call ended.'),
}

/** `otherwise`: how targets are written. */
const sourceKeys = (otherwise: z.ZodType<Target>) => ({
  twiml: webUrl().optional().describe('An application that answers with TwiML.'),
  webhook: webUrl().optional().describe('An application that answers with JSON.'),
  do: verbs.optional().describe('The verbs themselves.'),
  ...webKeys,
  trunk: text('the name of a trunk')
    .optional()
    .describe('Through which numbers outside are rung; without it the one that the call came by.'),
  presence: z
    .array(text('the name of a user'))
    .prefault([])
    .describe('Whose presence the application is told.'),
  otherwise: otherwise.optional().describe('Where a call goes whose instructions cannot be had.'),
})

type SourceKeys = CamelKeys<z.output<z.ZodObject<ReturnType<typeof sourceKeys>, z.core.$strict>>>

function readSource(value: SourceKeys, complain: Complain): Source {
  const common = {
    ...{ trunk: value.trunk ?? null, presence: value.presence, otherwise: value.otherwise ?? null },
  }
  const web = {
    ...{ method: value.method, timeoutMs: value.timeout, retries: value.retries, headers: value.headers },
    ...{
      fallback: value.fallback ?? null,
      authToken: value.authToken ?? null,
      account: value.account ?? null,
    },
    statusCallback: value.statusCallback ?? null,
  }
  const sources: Source[] = []
  if (value.twiml !== undefined) sources.push({ kind: 'twiml', url: value.twiml, ...web, ...common })
  if (value.webhook !== undefined) sources.push({ kind: 'webhook', url: value.webhook, ...web, ...common })
  if (value.do !== undefined) sources.push({ kind: 'do', verbs: value.do, ...common })
  const [source, ...more] = sources
  if (source === undefined || more.length > 0) complain('needs exactly one of twiml, webhook and do')
  else misplaced(value, source, complain)
  return source ?? z.NEVER
}

/** What a route does with its calls: the name of instructions, or instructions of its own. */
export interface Inline {
  readonly name?: string
  readonly source?: Source
}

/** `NAME` is short for `{name: NAME}`. */
export function inlineOf(otherwise: z.ZodType<Target>) {
  const name = text('the name of instructions').optional().describe('Those of this name.')
  const inline = finished({ name, ...sourceKeys(otherwise) }, (value, complain): Inline => {
    const { name: named, ...own } = value
    if (named === undefined) return { source: readSource(own, complain) }
    if (own.twiml ?? own.webhook ?? own.do) complain('needs exactly one of name, twiml, webhook and do')
    return { name: named }
  })
  return z.preprocess((value) => (typeof value === 'string' ? { name: value } : value), inline)
}

/** Keys that would have no effect. */
function misplaced(
  value: {
    readonly method: string
    readonly account?: string
    readonly fallback?: string
    readonly authToken?: string
  },
  source: Source,
  complain: Complain,
): void {
  if (source.kind !== 'twiml') {
    if (value.method !== 'POST') complain('belongs to twiml: a JSON webhook is asked by POST', 'method')
    if (value.account !== undefined) complain('belongs to twiml', 'account')
  }
  if (source.kind !== 'do') return
  if (value.fallback !== undefined) complain('belongs to twiml or webhook', 'fallback')
  if (value.authToken !== undefined) complain('belongs to twiml or webhook', 'auth-token')
}

/** The settings that all instructions share, and those with names. */
export function instructions(files: Files, otherwise: z.ZodType<Target>) {
  return section({
    sources: named(plainName, finished(sourceKeys(otherwise), readSource)).describe(
      'Instructions, by the name that routes call them.',
    ),
    'allow-private': z
      .array(network())
      .prefault([])
      .describe('Private networks that requests may go to; none by default.'),
    'allow-http': flag().prefault(false).describe('Requests may go out without TLS.'),
    sounds: folder(files).optional().describe('Where the files of play are.'),
    'sound-cache': section({
      path: folder(files)
        .optional()
        .describe('Where sounds from the web are kept; a folder of its own by default.'),
      size: whole(1, 100_000).prefault(100).describe('Megabytes at most.'),
    }).prefault({}),
    speech: section({
      url: webUrl().describe('Gets a POST of {text, language, voice}, and answers with a WAV file.'),
      headers: named(headerName, headerValue),
      timeout: duration('s', '100ms', '30s').prefault('5s'),
    })
      .optional()
      .describe('The speech engine of say.'),
  })
}
