import { Inbox } from '../../../src/demo/waiting.js'
import type { Account, PhoneCommand, PhoneEvent } from './driver.js'

/** How long a test waits for what a phone tells. Bounds failures only. */
const PATIENCE_MS = 10_000

/** A JsSIP phone as tests see it, wherever it runs. */
export class JssipPhone {
  private readonly inbox = new Inbox<PhoneEvent>()

  constructor(
    private readonly run: (command: PhoneCommand, argument?: string | number) => Promise<void>,
    private readonly closed: () => Promise<void>,
  ) {}

  tell(event: PhoneEvent): void {
    this.inbox.deliver(event)
  }

  /** The next event of that name; those before it stay for others. */
  event(name: string): Promise<PhoneEvent> {
    const before = this.inbox.unread.map((event) => JSON.stringify(event)).join(', ')
    return this.inbox.next(`${name} (told so far: ${before})`, PATIENCE_MS, (event) => event.name === name)
  }

  /** Whether an event of that name came that nobody has taken. */
  told(name: string): boolean {
    return this.inbox.unread.some((event) => event.name === name)
  }

  call(uri: string): Promise<void> {
    return this.run('call', uri)
  }

  /** Shows this token with all that it sends from now on. */
  authorize(token: string): Promise<void> {
    return this.run('authorize', token)
  }

  answer(): Promise<void> {
    return this.run('answer')
  }

  /** Ends the call that is there, with that status where it is still to be answered. */
  terminate(status: number): Promise<void> {
    return this.run('terminate', status)
  }

  unregister(): Promise<void> {
    return this.run('unregister')
  }

  async close(): Promise<void> {
    await this.run('stop')
    await this.closed()
    this.inbox.close('the phone is closed')
  }
}

/** Opens a phone that registers with the server at that address. */
export type OpenPhone = (
  protocol: 'ws' | 'wss',
  server: { readonly host: string; readonly port: number },
  account: Omit<Account, 'audio'>,
) => Promise<JssipPhone>
