import type { Source } from '../config/index.js'
import { DocumentFault } from './documents/fault.js'
import type { CallFacts, CallStatus, Occasion, Told } from './facts.js'
import type { Document, Reference, Verb } from './verbs.js'
import type { Page, Webhook } from './web/webhook.js'

type WebSource = Extract<Source, { readonly url: string }>

export interface ScriptDeps {
  readonly call: CallFacts
  /** Named instructions. */
  readonly named: (name: string) => Source | undefined
  readonly webhook: (source: WebSource) => Webhook
  /** What is known of them. */
  readonly presence: (users: readonly string[]) => ReadonlyMap<string, string>
}

/** A loop of documents, or of verbs, ends here. */
const MOST_DOCUMENTS = 50
const MOST_VERBS = 500

/** Of URLs that instructions in the file name, which have no settings of their own. */
const PLAIN_WEB = {
  ...{ kind: 'webhook', method: 'POST', fallback: null, timeoutMs: 5000, retries: 1, headers: new Map() },
  ...{ authToken: null, account: null, statusCallback: null },
} as const satisfies Partial<WebSource>

/** A page of an application, or instructions in the file. */
type Place =
  { readonly source: WebSource; readonly page: Page } | { readonly source: Exclude<Source, WebSource> }

function beginningOf(source: Source): Place {
  if (source.kind === 'do') return { source }
  return { source, page: { url: new URL(source.url), method: source.method } }
}

/** The documents of one call, one after another, and the place in them. */
export class Script {
  private document: Document = { verbs: [], base: null }
  private at = 0
  private documents = 0
  private verbs = 0

  /** @param current whose the document is; at first, that which is opened first */
  constructor(
    private current: Source,
    private readonly deps: ScriptDeps,
    private readonly signal: AbortSignal,
  ) {}

  get source(): Source {
    return this.current
  }

  get base(): URL | null {
    return this.document.base
  }

  /** No verb comes after this one. */
  get atEnd(): boolean {
    return this.at >= this.document.verbs.length
  }

  /**
   * The next verb; undefined at the end.
   *
   * @throws DocumentFault where there were too many
   */
  take(): Verb | undefined {
    const verb = this.document.verbs[this.at]
    if (verb !== undefined && ++this.verbs > MOST_VERBS) {
      throw new DocumentFault(`the instructions went on for ${MOST_VERBS} verbs`)
    }
    this.at++
    return verb
  }

  /** Begins a source anew. Rejects with WebFault or DocumentFault, as {@link goTo} does. */
  async open(source: Source, occasion: Occasion, status: CallStatus): Promise<void> {
    await this.enter(beginningOf(source), occasion, status)
  }

  /** Follows a reference: relative to the document where that is from the web, by name or URL where it is in the file. */
  async goTo(reference: Reference, occasion: Occasion, status: CallStatus): Promise<void> {
    await this.enter(this.whither(reference), occasion, status)
  }

  /**
   * Tells where a reference leads, and goes nowhere: the call is over. Instructions in the file hear of nothing.
   * Rejects as {@link goTo} does.
   */
  async tell(reference: Reference, occasion: Occasion, status: CallStatus): Promise<void> {
    const there = this.whither(reference)
    if (!('page' in there)) return
    const { source, page } = there
    await this.deps.webhook(source).tell(page, this.told(occasion, status, source))
  }

  told(occasion: Occasion, status: CallStatus, source = this.current): Told {
    const { call, presence } = this.deps
    const users = new Set([...source.presence, ...(call.user === null ? [] : [call.user])])
    return { occasion, status, presence: presence([...users]) }
  }

  private whither({ to, method }: Reference): Place {
    const { current, base } = this
    if (base !== null && current.kind !== 'do') {
      if (!URL.canParse(to, base.href)) throw new DocumentFault(`"${to.slice(0, 100)}" is no URL`)
      return { source: current, page: { url: new URL(to, base), method } }
    }
    if (/^https?:/i.test(to)) {
      const { trunk, presence, otherwise } = current
      return beginningOf({ ...PLAIN_WEB, url: to, trunk, presence, otherwise })
    }
    const named = this.deps.named(to)
    if (named === undefined) throw new DocumentFault(`there are no instructions ${to}`)
    return beginningOf(named)
  }

  private async enter(there: Place, occasion: Occasion, status: CallStatus): Promise<void> {
    if ('page' in there) await this.load(there.source, there.page, occasion, status)
    else this.begin(there.source, { verbs: there.source.verbs, base: null })
  }

  private async load(source: WebSource, page: Page, occasion: Occasion, status: CallStatus): Promise<void> {
    // What goes wrong from here on is a matter of this source.
    this.begin(source, { verbs: [], base: null })
    this.document = await this.deps.webhook(source).document(page, this.told(occasion, status), this.signal)
  }

  private begin(source: Source, document: Document): void {
    if (++this.documents > MOST_DOCUMENTS) {
      throw new DocumentFault(`the instructions went on for ${MOST_DOCUMENTS} documents`)
    }
    this.current = source
    this.document = document
    this.at = 0
  }
}
