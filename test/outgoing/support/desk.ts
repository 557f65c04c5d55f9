import {
  type CallingRequest,
  Outgoing,
  type OutgoingSettings,
  type Permitted,
} from '../../../src/outgoing/outgoing.js'
import type { CallingPolicy, CallingRefusalReason } from '../../../src/ports/client-calls.js'
import { FakeClock } from '../../support/fake-clock.js'
import { RecordingLog } from '../../wake/recording-log.js'
import { group, type Site, tableOf, trunk, user } from '../../routing/support/site.js'

const SETTINGS: OutgoingSettings = {
  ...{ ringback: 'ringing', tone: 'us', accept: 'tone' },
  ...{ calls: 5, perMinute: 30, block: [], limits: [] },
}

/** alice calls; bob, a group and one trunk are there. */
export const SITE: Site = {
  users: [user('alice', { numbers: ['+15551001'] }), user('bob', { numbers: ['+15551002', '7002'] })],
  groups: [group('sales', ['bob'], { numbers: ['+15551500'] })],
  trunks: [trunk('carrier', { proxy: 'sip:192.0.2.1:5060' })],
}

/** Who decides about calls, with what it said. */
export class Desk {
  readonly clock = new FakeClock()
  readonly log = new RecordingLog()
  readonly refusals: CallingRefusalReason[] = []
  readonly outgoing: Outgoing

  constructor(settings: Partial<OutgoingSettings> = {}, site: Site = SITE) {
    const routing = tableOf(site)
    this.outgoing = new Outgoing({
      ...{ clock: this.clock, log: this.log },
      settings: () => ({ ...SETTINGS, ...settings }),
      table: () => routing,
      trunks: () => (site.trunks ?? []).map(({ name }) => name),
      displayName: (name) => (name === 'alice' ? 'Alice Ames' : undefined),
      refused: (why) => this.refusals.push(why),
    })
  }

  /** alice asks for `to`; she may call anybody unless it says otherwise. */
  ask(
    to: string,
    policy: Partial<CallingPolicy> | undefined = {},
    more: Partial<Omit<CallingRequest, 'policy'>> = {},
  ): Permitted | string {
    const full = { to: ['*', 'user:*', 'group:*'], ...policy }
    return this.permit({ user: 'alice', callerId: undefined, name: null, ...more, to, policy: full })
  }

  permit(request: CallingRequest): Permitted | string {
    const outcome = this.outgoing.permit(request)
    return outcome.kind === 'refused' ? outcome.why : outcome
  }

  /** Where the call goes, or why it does not. */
  target(to: string, policy?: Partial<CallingPolicy>): unknown {
    const outcome = this.ask(to, policy)
    return typeof outcome === 'string' ? outcome : outcome.target
  }
}

export function permitted(outcome: Permitted | string): Permitted {
  if (typeof outcome === 'string') throw new Error(`the call was refused: ${outcome}`)
  return outcome
}
