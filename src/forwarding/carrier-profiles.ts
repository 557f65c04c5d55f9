import type { Carrier, ShippedCarrier } from '../config/index.js'
import type { ForwardingCodes, ForwardingCondition } from '../ports/forwarding-control.js'

/** `{did}` and `{seconds}` in the codes are to be filled in. */
export interface CarrierProfile {
  readonly number: 'international' | 'national'
  readonly codes: Readonly<Partial<Record<ForwardingCondition, ForwardingCodes>>>
}

/** Service codes of 3GPP TS 22.030 Annex B, in the procedures of its §6.5.2. */
function gsm(service: string, timer = ''): ForwardingCodes {
  return {
    set: `**${service}*{did}${timer}#`,
    activate: `*${service}*{did}${timer}#`,
    deactivate: `#${service}#`,
    erase: `##${service}#`,
    query: `*#${service}#`,
  }
}

const SHIPPED: Readonly<Record<ShippedCarrier, CarrierProfile>> = {
  gsm: {
    number: 'international',
    codes: {
      busy: gsm('67'),
      // For speech (basic service 11), after so many seconds.
      noReply: gsm('61', '*11*{seconds}'),
      notReachable: gsm('62'),
      conditional: gsm('004'),
    },
  },
  // Feature codes as North American networks have them: nothing shows how it is set, and there is no timer.
  cdma: {
    number: 'national',
    codes: {
      busy: { set: '*90{did}', erase: '*900' },
      noReply: { set: '*92{did}', erase: '*920' },
    },
  },
}

/** The profile of that name: what the configuration says, over what its family does. */
export function carrierProfile(name: string, configured: ReadonlyMap<string, Carrier>): CarrierProfile {
  const own = configured.get(name)
  const base = SHIPPED[own?.like ?? shippedName(name) ?? 'gsm']
  if (own === undefined) return base
  return {
    number: own.number ?? base.number,
    codes: { ...base.codes, ...own.codes },
  }
}

function shippedName(name: string): ShippedCarrier | undefined {
  return name === 'gsm' || name === 'cdma' ? name : undefined
}
