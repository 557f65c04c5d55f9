import type { WebSource } from '../../config/index.js'
import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import { DocumentFault } from '../documents/fault.js'
import { parseJsonDocument } from '../documents/json.js'
import { parseTwiml } from '../documents/twiml.js'
import type { CallFacts, Told } from '../facts.js'
import type { Document, Verb } from '../verbs.js'
import type { Composed, WebAnswer, WebClient } from './client.js'
import { errorCodeOf } from './error-code.js'
import { WebFault } from './fault.js'
import { formOf } from './form.js'
import { jsonOf } from './json-body.js'
import { jsonSignature, twilioSignature } from './signature.js'

/** Bytes of a document. */
const LONGEST_DOCUMENT = 65_536
/** Between two attempts; doubled from one to the next. */
const PAUSE_MS = 200

export interface Page {
  readonly url: URL
  readonly method: 'GET' | 'POST'
}

export interface WebhookDeps {
  readonly client: WebClient
  readonly clock: Clock
  readonly log: Log
  readonly speech: boolean
}

/** An application that is asked, about one call, what to do with it. */
export class Webhook {
  constructor(
    private readonly source: WebSource,
    private readonly call: CallFacts,
    private readonly deps: WebhookDeps,
  ) {}

  /**
   * The document of a page; of the fallback where that page has none.
   *
   * @throws {@link WebFault} or {@link DocumentFault}
   */
  async document(page: Page, told: Told, signal: AbortSignal): Promise<Document> {
    try {
      return await this.page(page, told, signal)
    } catch (error) {
      const fallback = this.source.fallback
      if (fallback === null || signal.aborted || !isFault(error)) throw error
      const { log } = this.deps
      log.warn(
        { callId: this.call.id, url: shown(page.url), reason: error.message },
        'a fallback is asked for instructions',
      )
      const url = shown(page.url)
      const asked = { ...told, error: { code: errorCodeOf(error), message: error.message, url } }
      return this.page({ url: new URL(fallback), method: 'POST' }, asked, signal)
    }
  }

  /** Tells of a call that is over; what is answered is of no interest. Rejects as {@link document} does. */
  async tell(page: Page, told: Told): Promise<void> {
    await this.ask(page, told, undefined)
  }

  private async page(page: Page, told: Told, signal: AbortSignal): Promise<Document> {
    const answer = await this.ask(page, told, signal)
    return { verbs: this.verbsOf(answer), base: answer.url }
  }

  private async ask(page: Page, told: Told, signal: AbortSignal | undefined): Promise<WebAnswer> {
    const { timeoutMs, retries } = this.source
    const compose = (method: 'GET' | 'POST', url: URL): Composed => this.compose(method, url, told)
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.deps.client.ask({
          ...{ ...page, compose, timeoutMs, most: LONGEST_DOCUMENT },
          ...(signal === undefined ? {} : { signal }),
        })
      } catch (error) {
        const again =
          error instanceof WebFault && error.passing && attempt < retries && signal?.aborted !== true
        if (!again) throw error
        this.deps.log.info(
          { callId: this.call.id, url: shown(page.url), reason: error.message },
          'a webhook is asked again',
        )
        await this.pause(PAUSE_MS * 2 ** attempt, signal)
      }
    }
  }

  private pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.deps.clock.after(ms, done)
      function done(): void {
        stop()
        signal?.removeEventListener('abort', done)
        resolve()
      }
      signal?.addEventListener('abort', done)
    })
  }

  private compose(method: 'GET' | 'POST', url: URL, told: Told): Composed {
    const own = url.origin === new URL(this.source.url).origin ? Object.fromEntries(this.source.headers) : {}
    return this.source.kind === 'twiml'
      ? this.form(method, url, told, own)
      : this.json(method, url, told, own)
  }

  private form(method: 'GET' | 'POST', url: URL, told: Told, own: Record<string, string>): Composed {
    const parameters = formOf(this.call, this.source.account, told)
    const to = new URL(url)
    if (method === 'GET')
      for (const [name, value] of Object.entries(parameters)) to.searchParams.append(name, value)
    const { authToken } = this.source
    const signature =
      authToken === null
        ? {}
        : { 'x-twilio-signature': twilioSignature(authToken, to, method === 'GET' ? {} : parameters) }
    const accept = { accept: 'application/xml, text/xml' }
    if (method === 'GET') return { url: to, headers: { ...own, ...accept, ...signature }, body: null }
    const type = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    return {
      url: to,
      headers: { ...own, ...accept, ...type, ...signature },
      body: new URLSearchParams(parameters).toString(),
    }
  }

  /** There is no place in a GET for the body: a redirect that asks for one gets the request without it. */
  private json(method: 'GET' | 'POST', url: URL, told: Told, own: Record<string, string>): Composed {
    const accept = { accept: 'application/json' }
    if (method === 'GET') return { url, headers: { ...own, ...accept }, body: null }
    const body = JSON.stringify(jsonOf(this.call, told))
    const at = Math.floor(this.deps.clock.now() / 1_000_000)
    const { authToken } = this.source
    const signature = authToken === null ? {} : { 'reveille-signature': jsonSignature(authToken, body, at) }
    return { url, headers: { ...own, ...accept, 'content-type': 'application/json', ...signature }, body }
  }

  private verbsOf({ headers, body, url }: WebAnswer): readonly Verb[] {
    const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';')
    const expected = this.source.kind === 'twiml' ? TWIML_TYPES : JSON_TYPES
    if (!expected.includes(type.trim())) {
      throw new WebFault(
        'type',
        `the answer is ${type.trim() || 'of no type'}, not one of ${expected.join(', ')}`,
      )
    }
    const text = decoded(body, parameters)
    if (this.source.kind === 'webhook') return parseJsonDocument(text)
    return parseTwiml(text, {
      speech: this.deps.speech,
      ignored: (what) => this.deps.log.debug({ callId: this.call.id, url: shown(url) }, what),
    })
  }
}

const TWIML_TYPES = ['application/xml', 'text/xml', 'text/html']
const JSON_TYPES = ['application/json']

function decoded(body: Buffer, parameters: readonly string[]): string {
  const charset = parameters
    .map((each) => /^\s*charset="?([^"\s]+)"?\s*$/.exec(each)?.[1])
    .find((each) => each !== undefined)
  try {
    return new TextDecoder(charset ?? 'utf-8', { fatal: true }).decode(body)
  } catch {
    throw new DocumentFault(`is not ${charset ?? 'utf-8'}`)
  }
}

export function isFault(error: unknown): error is WebFault | DocumentFault {
  return error instanceof WebFault || error instanceof DocumentFault
}

/** Without credentials and query, which may hold secrets. */
export function shown(url: URL): string {
  return `${url.origin}${url.pathname}`
}
