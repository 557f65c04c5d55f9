import type { Log } from '../../../src/ports/log.js'

const nothing = (): void => undefined

export const quietLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
