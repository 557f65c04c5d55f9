import type { Ending } from '../../../src/call/ending.js'
import type { Effect } from '../../../src/call/effect.js'
import { check } from './check.js'

/** What of an effect tells the way of the call, in words. */
export function words(effect: Effect): string[] {
  switch (effect.type) {
    case 'route':
      return [`route ${JSON.stringify(effect.target)} after ${described(effect.after)}`]
    case 'hold':
      return [`hold ${effect.style}`]
    case 'connect':
      return [`connect ${effect.leg}`]
    case 'comfort':
      return [`comfort ${effect.leg}`]
    case 'announce':
      return [`announce ${effect.leg}`]
    case 'alert-caller':
      return ['alert']
    case 'reassure-caller':
      return ['reassure']
    case 'tell-caller-accepted':
      return ['accepted: tone']
    case 'answer-caller':
      return ['answer']
    case 'perform':
      return [`perform ${JSON.stringify(effect.performance)}`]
    case 'stop-performing':
      return [`stop ${effect.id}`]
    case 'ring-back':
      return ['ring-back']
    case 'end':
      check(!('reason' in effect.ending) || effect.ending.reason !== undefined, 'a reason is there or is not')
      return [`end ${described(effect.ending)}`]
    default:
      return []
  }
}

export function described(ending: Ending | null): string {
  return `${ending?.cause} by ${ending?.by} ${ending?.status} ${ending?.reason}`
}
