import type { ServerLog } from '../../observe/log.js'

/** The log, with the number of the worker in each line. */
export function numbered(log: ServerLog, worker: number): ServerLog {
  return {
    get level() {
      return log.level
    },
    set level(next) {
      log.level = next
    },
    debug: (fields, message) => log.debug({ worker, ...fields }, message),
    info: (fields, message) => log.info({ worker, ...fields }, message),
    warn: (fields, message) => log.warn({ worker, ...fields }, message),
    error: (fields, message) => log.error({ worker, ...fields }, message),
  }
}
