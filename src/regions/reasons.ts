import type { GatewayChoice } from './choose-gateway.js'
import type { Ends, MediaChoice, RankedRegion } from './choose-media.js'
import type { Region } from './costs.js'

/** Why the media is where it is, one sentence a line, for who reads the record of a call. */
export function mediaReasons({ caller, callees }: Ends, { candidates }: MediaChoice): readonly string[] {
  const to = callees.length === 0 ? 'nobody whose region is known' : [...new Set(callees)].join(', ')
  return [`from ${shown(caller)} to ${to}`, ...candidates.map((one, n) => candidateReason(one, n === 0))]
}

function candidateReason({ region, cost, load, state }: RankedRegion, first: boolean): string {
  const name = `media in ${shown(region)}`
  switch (state) {
    case 'up':
      return `${name}: cost ${figure(cost)}, load ${figure(load)}${first ? ', chosen' : ''}`
    case 'full':
      return `${name}: takes no more`
    case 'away':
      return `${name}: away`
    default:
      return state satisfies never
  }
}

/** Why a leg goes by its gateway. */
export function gatewayReason(
  media: Region,
  target: Region,
  { gateway, region, cost }: GatewayChoice,
): string {
  return `from media in ${shown(media)} to ${shown(target)} by ${gateway ?? 'no gateway'} in ${shown(region)}: cost ${figure(cost)}`
}

export function shown(region: Region): string {
  return region ?? 'no region'
}

function figure(value: number): string {
  return String(Math.round(value * 100) / 100)
}
