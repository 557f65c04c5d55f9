import type { PathCost } from '../../src/regions/costs.js'

/**
 * Five regions, and round trips between them in milliseconds: rounded from a public table of those between five regions
 * of one cloud (N. Virginia, Oregon, Ireland, Singapore, São Paulo; averages of 2017, which cloudping.co keeps for
 * today). They stand for what an operator would measure: approximate, and good for comparisons alone.
 */
export const REGIONS = ['us-east', 'us-west', 'eu-west', 'ap-southeast', 'sa-east'] as const
export type RegionName = (typeof REGIONS)[number]

export const ROUND_TRIPS: readonly PathCost[] = [
  { from: 'us-east', to: 'us-west', cost: 87 },
  { from: 'us-east', to: 'eu-west', cost: 80 },
  { from: 'us-east', to: 'ap-southeast', cost: 217 },
  { from: 'us-east', to: 'sa-east', cost: 120 },
  { from: 'us-west', to: 'eu-west', cost: 137 },
  { from: 'us-west', to: 'ap-southeast', cost: 161 },
  { from: 'us-west', to: 'sa-east', cost: 183 },
  { from: 'eu-west', to: 'ap-southeast', cost: 238 },
  { from: 'eu-west', to: 'sa-east', cost: 191 },
  { from: 'ap-southeast', to: 'sa-east', cost: 328 },
]

/** Where people are: their share of the calls. */
export const SHARES: Readonly<Record<RegionName, number>> = {
  'us-east': 0.3,
  'us-west': 0.2,
  'eu-west': 0.25,
  'ap-southeast': 0.15,
  'sa-east': 0.1,
}
