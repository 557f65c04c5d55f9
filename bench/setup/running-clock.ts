import { Ticker } from '../../src/demo/rtp/ticker.js'

/** A microphone that runs already: frames keep no step with when a call begins, nor with those of the other side. */
export function runningClock(): Ticker {
  const clock = new Ticker()
  clock.add(() => undefined)
  return clock
}
