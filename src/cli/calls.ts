import { loadConfig } from '../config/index.js'
import { describeEnding, milliseconds, renderTimeline } from '../observe/timeline-text.js'
import type { CallDetailView, CallView } from '../observe/views.js'
import { UsageError } from './args.js'
import { columns, printable } from './columns.js'
import { command, type Command, CommandError, EXIT } from './command.js'
import { configOption } from './config-option.js'
import { withRecords } from './records.js'
import type { StoreDeps } from './store.js'
import { seconds, utc } from './time.js'

/** The most that the admin API gives at once. */
const MOST = 1000

/** Lists the latest calls, or shows one of them stage by stage. */
export function callsCommand(deps: StoreDeps): Command {
  return command({
    name: 'calls',
    summary: 'list the latest calls, or show one of them stage by stage',
    usage: 'reveille calls [ID] [--limit N] [--json] [--config FILE]',
    options: {
      limit: {
        type: 'string',
        short: 'n',
        value: 'N',
        describe: 'so many calls at most, newest first; 20 without it',
      },
      json: { type: 'boolean', describe: 'JSON, with times in microseconds since 1970' },
      config: configOption,
    },
    positionals: 1,
    notes: 'Asks the running server, or the database itself where no server runs.',
    async run({ limit, json, config: path }, io, [id]) {
      const count = limitOf(limit)
      if (id !== undefined && limit !== undefined) throw new UsageError('--limit is for the list of calls')
      const text = await withRecords(loadConfig(path, io.env), deps, io, async (records) => {
        if (id === undefined) {
          const calls = await records.calls(count)
          return json ? jsonOf({ calls }) : listOf(calls)
        }
        const detail = await records.call(id)
        if (detail === null) throw new CommandError(`there is no call ${id}`)
        return json ? jsonOf(detail) : detailOf(detail)
      })
      io.stdout.write(text)
      return EXIT.ok
    },
  })
}

function limitOf(limit = '20'): number {
  const count = Number(limit)
  if (/^\d+$/.test(limit) && count >= 1 && count <= MOST) return count
  throw new UsageError(`--limit needs a number from 1 to ${String(MOST)}, not "${limit}"`)
}

function jsonOf(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function listOf(calls: readonly CallView[]): string {
  if (calls.length === 0) return 'no calls yet\n'
  const rows = calls.map((call) => [
    utc(call.startedAt),
    callerOf(call),
    call.to,
    call.user ?? '-',
    between(call.startedAt, call.answeredAt ?? call.endedAt),
    between(call.answeredAt, call.endedAt),
    endingOf(call),
    call.id,
  ])
  const lines = columns([['STARTED', 'FROM', 'TO', 'USER', 'WAIT', 'TALK', 'ENDING', 'ID'], ...rows])
  return `${lines.join('\n')}\n`
}

function detailOf({ call, timeline, events }: CallDetailView): string {
  const head = columns([
    ['call', call.id],
    ['started', utc(call.startedAt)],
    ['from', call.trunk === null ? callerOf(call) : `${call.from} through ${call.trunk}`],
    ['to', call.user === null ? call.to : `${call.to} of ${call.user}`],
    ['ending', endingOf(call)],
  ])
  const journal = columns(
    events.map(({ at, type, data }) => [
      `${milliseconds(at - (timeline.startedAt ?? call.startedAt))} ms`.padStart(14),
      type,
      data === null ? '' : JSON.stringify(data),
    ]),
  )
  const stages = printableLines(renderTimeline(timeline))
  return [...head, '', 'stages', ...indented(stages), '', 'journal', ...indented(journal), ''].join('\n')
}

/** Where a client calls, whoever it shows itself as. */
function callerOf({ from, client }: CallView): string {
  return client === null || client === from ? from : `${from} of client ${client}`
}

function endingOf({ ending }: CallView): string {
  return ending === null ? 'none yet' : describeEnding(ending)
}

function between(from: number | null, to: number | null): string {
  return from === null || to === null ? '-' : seconds(to - from)
}

function printableLines(text: string): string[] {
  return text.split('\n').map(printable)
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}
