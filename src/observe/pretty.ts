const COLOURS: Readonly<Record<string, number>> = {
  trace: 90,
  debug: 90,
  info: 32,
  warn: 33,
  error: 31,
  fatal: 35,
}

export interface PrettyOptions {
  readonly colour: boolean
}

/**
 * A log line for eyes: `12:04:05.123 INFO  call ended  callId=… cause=…`, the stack of an error below it. `line` is one
 * JSON object as pino writes it; what is none is given back as it is.
 */
export function prettyLine(line: string, { colour }: PrettyOptions): string {
  const record = parse(line)
  if (record === undefined) return line
  const { time, level, msg, err, ...fields } = record
  const name = typeof level === 'string' ? level : 'info'
  const head = `${clockTime(time)} ${paint(name.toUpperCase().padEnd(5), COLOURS[name], colour)}`
  const pairs = Object.entries(fields).map(([key, value]) => `${paint(key, 90, colour)}=${plain(value)}`)
  return [head, typeof msg === 'string' ? msg : '', pairs.join(' ')].join(' ').trimEnd() + '\n' + stack(err)
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Local time of day, to the millisecond. */
function clockTime(time: unknown): string {
  const at = new Date(typeof time === 'string' || typeof time === 'number' ? time : NaN)
  if (Number.isNaN(at.getTime())) return '--:--:--.---'
  const [hours, minutes, seconds] = [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) =>
    String(n).padStart(2, '0'),
  )
  return `${hours}:${minutes}:${seconds}.${String(at.getMilliseconds()).padStart(3, '0')}`
}

function paint(text: string, code: number | undefined, colour: boolean): string {
  return colour && code !== undefined ? `\u001b[${String(code)}m${text}\u001b[0m` : text
}

/** Bare where it reads as one word. */
function plain(value: unknown): string {
  if (typeof value === 'string' && /^[^\s="{}[\]\\\p{Cc}]+$/u.test(value)) return value
  return JSON.stringify(value)
}

function stack(err: unknown): string {
  if (typeof err !== 'object' || err === null) return err === undefined ? '' : `    ${plain(err)}\n`
  const { stack: trace, message } = err as Record<string, unknown>
  const text = typeof trace === 'string' ? trace : typeof message === 'string' ? message : JSON.stringify(err)
  return text
    .split('\n')
    .map((line) => `    ${line.trimStart()}\n`)
    .join('')
}
