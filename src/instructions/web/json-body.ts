import type { CallFacts, Occasion, Told } from '../facts.js'

/** The body of a JSON webhook. Times in milliseconds. */
export function jsonOf(call: CallFacts, told: Told): object {
  const { id, from, fromName, fromClient, to, trunk, forwardedFrom, user } = call
  return {
    event: told.occasion.kind,
    call: { id, from, fromName, fromClient, to, trunk, forwardedFrom, user, status: told.status },
    ...occasionOf(told.occasion),
    presence: Object.fromEntries(told.presence),
    ...(told.error === undefined ? {} : { error: { message: told.error.message, url: told.error.url } }),
  }
}

function occasionOf(occasion: Occasion): object {
  switch (occasion.kind) {
    case 'start':
    case 'redirected':
      return {}
    case 'rung':
      return { ring: occasion.result }
    case 'gathered':
      return { gather: occasion.result }
    case 'ended': {
      const { cause, by, status, reason, detail } = occasion.ending
      return { ending: { cause, by, status, reason, detail }, durationMs: occasion.durationMs }
    }
    default:
      return occasion satisfies never
  }
}
