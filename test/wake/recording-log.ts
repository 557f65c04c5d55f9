import type { Log } from '../../src/ports/log.js'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: Readonly<Record<string, unknown>>
  readonly message: string
}

/** A log that a test can read. */
export class RecordingLog implements Log {
  readonly lines: LogLine[] = []

  debug(fields: object, message: string): void {
    this.#add('debug', fields, message)
  }
  info(fields: object, message: string): void {
    this.#add('info', fields, message)
  }
  warn(fields: object, message: string): void {
    this.#add('warn', fields, message)
  }
  error(fields: object, message: string): void {
    this.#add('error', fields, message)
  }

  at(level: LogLine['level']): readonly LogLine[] {
    return this.lines.filter((line) => line.level === level)
  }

  #add(level: LogLine['level'], fields: object, message: string): void {
    this.lines.push({ level, fields: { ...fields }, message })
  }
}
