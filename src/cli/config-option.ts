import type { OptionSpec } from './args.js'

/** `--config FILE`, the same for every command. */
export const configOption = {
  type: 'string',
  short: 'c',
  value: 'FILE',
  describe: 'the configuration; without one, defaults on loopback',
} as const satisfies OptionSpec
