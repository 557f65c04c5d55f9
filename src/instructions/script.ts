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
    if (source.kind === 'do') this.begin(source, { verbs: source.verbs, base: null })
    else await this.load(source, { url: new URL(source.url), method: source.method }, occasion, status)
  }

  /** Follows a reference: relative to the document where that is from the web, by name or URL where it is in the file. */
  async goTo({ to, method }: Reference, occasion: Occasion, status: CallStatus): Promise<void> {
    const { current, base } = this
    if (base !== null && current.kind !== 'do') {
      if (!URL.canParse(to, base.href)) throw new DocumentFault(`"${to.slice(0, 100)}" is no URL`)
      return this.load(current, { url: new URL(to, base), method }, occasion, status)
    }
    if (/^https?:/i.test(to)) {
      const { trunk, presence, otherwise } = current
      const plain: WebSource = { ...PLAIN_WEB, url: to, trunk, presence, otherwise }
      return this.open(plain, occasion, status)
    }
    const named = this.deps.named(to)
    if (named === undefined) throw new DocumentFault(`there are no instructions ${to}`)
    return this.open(named, occasion, status)
  }

  told(occasion: Occasion, status: CallStatus): Told {
    const { call, presence } = this.deps
    const users = new Set([...this.current.presence, ...(call.user === null ? [] : [call.user])])
    return { occasion, status, presence: presence([...users]) }
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
