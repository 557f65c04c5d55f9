import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/cli/args.js'
import { command, CommandError } from '../../src/cli/command.js'
import { runProgram } from '../../src/cli/program.js'
import { ConfigError } from '../../src/config/index.js'
import { captured } from './support/run.js'

const commands = [
  command({
    name: 'calls',
    summary: 'list calls',
    usage: 'reveille calls [--json] [--limit N]',
    options: {
      json: { type: 'boolean', describe: 'as JSON' },
      limit: { type: 'string', short: 'n', value: 'N', describe: 'so many' },
    },
    notes: 'And more.',
    run: ({ json, limit }, io) => {
      io.stdout.write(`${String(json)} ${limit ?? 'all'}\n`)
      return Promise.resolve(0)
    },
  }),
  failing('fails', new CommandError('the server is away')),
  failing('misused', new UsageError('not both')),
  failing(
    'misconfigured',
    new ConfigError([{ file: 'a.yaml', line: 3, column: 5, key: 'sip', message: 'no' }]),
  ),
  failing('faulty', new TypeError('undefined is not a function')),
]

function failing(name: string, error: Error) {
  const usage = `reveille ${name}`
  return command({ name, summary: 'fail', usage, options: {}, run: () => Promise.reject(error) })
}

const reveille = (...argv: string[]) => captured((io) => runProgram({ version: '1.2.3', commands }, argv, io))

describe('the program', () => {
  it('runs the command that is named, with its options', async () => {
    expect(await reveille('calls', '--json', '-n', '5')).toEqual({ code: 0, out: 'true 5\n', err: '' })
  })

  it.each([['--help'], ['-h'], ['help']])('lists its commands for %s', async (asked) => {
    const { code, out } = await reveille(asked)
    expect(code).toBe(0)
    expect(out).toMatch(/^usage: reveille <command> \[options\]\n\n {2}calls +list calls\n/)
  })

  it('lists them as an error where none is named', async () => {
    const { code, out, err } = await reveille()
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('calls          list calls')
  })

  it.each([
    ['calls', '--help'],
    ['calls', '-h'],
    ['help', 'calls'],
  ])('explains one command for %s %s', async (...argv) => {
    expect(await reveille(...argv)).toEqual({
      code: 0,
      out: [
        'usage: reveille calls [--json] [--limit N]',
        '',
        'list calls',
        '',
        '      --json     as JSON',
        '  -n, --limit N  so many',
        '  -h, --help     this text',
        '',
        'And more.',
        '',
      ].join('\n'),
      err: '',
    })
  })

  it('says its version', async () => {
    expect(await reveille('--version')).toEqual({ code: 0, out: '1.2.3\n', err: '' })
  })

  it.each([
    ['cals', 'reveille: unknown command "cals"; did you mean "calls"?\n'],
    ['xyzzy', 'reveille: unknown command "xyzzy"; commands: calls, fails, misused, misconfigured, faulty\n'],
    ['--hepl', 'reveille: unknown option "--hepl"; did you mean "help"?\n'],
  ])('does not know %s, and names the nearest', async (name, err) => {
    expect(await reveille(name)).toEqual({ code: 2, out: '', err })
  })

  it.each([
    ['fails', 1, 'reveille fails: the server is away\n'],
    ['misused', 2, 'reveille misused: not both\nusage: reveille misused\n'],
    ['misconfigured', 2, 'a.yaml:3:5: sip: no\n'],
  ])('tells the error of a command that %s, with exit code %i', async (name, code, err) => {
    expect(await reveille(name)).toEqual({ code, out: '', err })
  })

  it('tells an option that a command does not have', async () => {
    expect(await reveille('calls', '--jsom')).toEqual({
      code: 2,
      out: '',
      err: 'reveille calls: unknown option --jsom; did you mean --json?\nusage: reveille calls [--json] [--limit N]\n',
    })
  })

  it('ends with 1 on a fault of its own, and tells where it was', async () => {
    const { code, err } = await reveille('faulty')
    expect(code).toBe(1)
    expect(err).toMatch(/^reveille faulty: TypeError: undefined is not a function\n +at /)
  })
})
