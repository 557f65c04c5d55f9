import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/adapters/system/clock.js'
import { parseConfig } from '../../../src/config/index.js'
import type { CallFacts } from '../../../src/instructions/facts.js'
import { createInstructions, type InstructionsDeps } from '../../../src/instructions/instructions.js'
import type { After, Next, Session } from '../../../src/instructions/step.js'
import type { Log } from '../../../src/ports/log.js'

export const CALL: CallFacts = {
  ...{
    id: '0f9c1d6e-9a43-4d1c-8c1a-3d2f5e6a7b8c',
    from: '+15550100',
    fromName: 'Ann Example',
    fromClient: false,
  },
  ...{ to: '+15559000', trunk: 'pstn', forwardedFrom: null, user: null, answered: false },
}

export interface Site {
  /** What was logged, by level. */
  readonly lines: readonly (readonly [level: string, fields: object, message: string])[]
  /** The instructions `main`, on a call. */
  session(call?: Partial<CallFacts>): Session
  close(): Promise<void>
}

/** The settings that tests on loopback need. */
export const LOOPBACK = '  allow-http: true\n  allow-private: [127.0.0.1]\n'

/** A server's instructions, by the section of a configuration file; the file has the users that calls are about. */
export function siteOf(section: string, deps: Partial<InstructionsDeps> = {}): Site {
  const text = `
trunks: {pstn: {proxy: "sip:10.0.0.1"}}
users: {alice: {numbers: ["7001"]}, bob: {}}
instructions:
${section}`
  const config = parseConfig(text, join(tmpdir(), 'reveille.yaml'), {})
  const lines: (readonly [string, object, string])[] = []
  const line = (level: string) => (fields: object, message: string) =>
    void lines.push([level, fields, message])
  const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  const instructions = createInstructions({
    ...{ config: () => config, presence: { known: () => undefined }, clock: systemClock, log },
    ...deps,
  })
  return {
    lines,
    session(call = {}) {
      const session = instructions.begin('main', { ...CALL, ...call })
      if (session === undefined) throw new Error('there are no instructions main')
      return session
    },
    close: () => instructions.close(),
  }
}

export const START: After = { kind: 'start' }

export function performed(digits = ''): After {
  return { kind: 'performed', result: { digits, finished: true } }
}

/** The ending of a step, or of a bridge that lasted so long. */
export function rung(ending: Extract<After, { kind: 'rung' }>['ending'], bridgedMs = 0): After {
  return { kind: 'rung', ending, bridgedMs, to: bridgedMs > 0 ? 'bob' : null }
}

/** What is to be rung, in short. */
export function toOf(next: Next): readonly string[] {
  if (next.kind !== 'ring') throw new Error(`expected a ring, got ${JSON.stringify(next)}`)
  return next.ring.to.map((whom) => {
    switch (whom.kind) {
      case 'user':
        return whom.user
      case 'client':
        return whom.client
      case 'group':
        return whom.group
      case 'number':
        return whom.number
      case 'uri':
        return whom.uri
      default:
        return whom satisfies never
    }
  })
}
