import type { App, Source } from '../control/app.js'
import type { Routes } from '../control/routes.js'
import type { SipMessage } from '../message/message.js'

export type CdrRole = 'uac' | 'uas' | 'proxy-uac' | 'proxy-uas'
export type CdrEnding =
  'call-rejected' | 'call-canceled' | 'normal-release' | 'session-expired' | 'system-initiated-termination'

/** Call records, for the apps that asked for them by `route|cdr:…`. */
export class Cdr {
  constructor(private readonly routes: Routes<App>) {}

  attempt(source: Source, message: SipMessage): void {
    this.post('cdr:attempt', source, undefined, message)
  }

  start(source: Source, role: CdrRole, message: SipMessage): void {
    this.post('cdr:start', source, role, message)
  }

  stop(source: Source, ending: CdrEnding, message: SipMessage): void {
    this.post('cdr:stop', source, ending, message)
  }

  private post(record: string, source: Source, extra: string | undefined, message: SipMessage): void {
    this.routes.next(record)?.record(record, source, extra, message)
  }
}
