import type {
  App,
  AppRequest,
  CommandHandler,
  Flow,
  Requester,
  SipRequest,
} from '../../embedded/sip/index.js'
import type { Log } from '../../ports/log.js'
import { type Headers, SipFailure } from '../../ports/signaling.js'

/** Who takes the requests within a dialog. */
export interface DialogUser {
  /** To be answered under `id`; an ACK needs no answer. */
  dialogRequest(id: string, request: SipRequest, flow: Flow): void
  /** The server has ended the dialog. `reason`: of its BYE. */
  endedByServer(reason: string | undefined): void
}

/** What goes with the server, and is then told. */
export interface Dependent {
  /** The server is gone: nothing can be sent any more. */
  lost(): void
}

const NO_BODY = Buffer.alloc(0)

/** A response to send. */
export interface Answer {
  readonly phrase?: string | undefined
  readonly headers?: Headers
  readonly body?: string | undefined
}

/** A request to send. */
export interface Sending {
  readonly method: string
  /** Default: the remote target of the dialog. */
  readonly uri?: string
  /** Empty for a request out of dialog. */
  readonly dialogId: string
  readonly proxy?: string | undefined
  readonly headers?: Headers
  readonly body?: string | undefined
}

/** The way to one embedded server, and what lives on it. */
export class Line {
  /** By the id that the server gives a dialog. */
  readonly dialogs = new Map<string, DialogUser>()
  readonly dependents = new Set<Dependent>()

  constructor(
    /** Of the gateway. */
    readonly name: string,
    readonly app: App,
    readonly commands: CommandHandler,
    readonly log: Log,
  ) {}

  /**
   * Sends a response; answers the id of the dialog that it belongs to, empty where there is none. Throws
   * {@link SipFailure} where the transaction is over, or the connection is.
   */
  respond(id: string, status: number, { phrase = '', headers = [], body }: Answer = {}): string {
    const outcome = this.commands.sendResponse(this.app, id, {
      ...{ status, reason: phrase },
      ...{ lines: wholeLines(headers), body: bytes(body) },
    })
    if ('refused' in outcome) throw new SipFailure(503, outcome.refused)
    return outcome.dialogId
  }

  /** The same where nobody waits for it. */
  answer(id: string, status: number, answer?: Answer): void {
    try {
      this.respond(id, status, answer)
    } catch (error) {
      this.log.info({ err: error, status }, 'a response in dialog could not be sent')
    }
  }

  /** Throws where a header would break its line. */
  send(
    { method, uri = 'sip:placeholder', dialogId, proxy = '', headers = [], body }: Sending,
    to: Requester,
  ): void {
    const lines = wholeLines(headers)
    const request: AppRequest = { method, uri, dialogId, route: proxy, lines, body: bytes(body) }
    this.commands.sendRequest(this.app, request, to)
  }

  /** Forgets the user of a dialog, where it still is that one. */
  forget(dialogId: string, user: DialogUser): void {
    if (this.dialogs.get(dialogId) === user) this.dialogs.delete(dialogId)
  }
}

function bytes(body: string | undefined): Buffer {
  return body === undefined || body === '' ? NO_BODY : Buffer.from(body, 'utf8')
}

function wholeLines(headers: Headers): Headers {
  for (const [name, value] of headers) {
    if (breaksLine(name) || breaksLine(value)) {
      throw new Error(`header ${JSON.stringify(name)} would break its line`)
    }
  }
  return headers
}

function breaksLine(text: string): boolean {
  return text.includes('\n') || text.includes('\r')
}

/** Of the Reason header (RFC 3326). */
export function reasonOf({ headers }: Pick<SipRequest, 'headers'>): string | undefined {
  const lines = headers.lineValues('reason')
  return lines.length === 0 ? undefined : lines.join(', ')
}
