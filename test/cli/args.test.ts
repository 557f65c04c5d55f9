import { describe, expect, it } from 'vitest'
import { readArguments, type OptionSpecs } from '../../src/cli/args.js'

const options = {
  config: { type: 'string', short: 'c', describe: 'a file' },
  limit: { type: 'string', describe: 'a number' },
  json: { type: 'boolean', describe: 'as JSON' },
} as const satisfies OptionSpecs

describe('the arguments of a command', () => {
  it.each([
    [[], { json: false }],
    [['--config', 'a.yaml'], { config: 'a.yaml', json: false }],
    [['-c', 'a.yaml', '--json'], { config: 'a.yaml', json: true }],
    [['--config=a.yaml'], { config: 'a.yaml', json: false }],
    [['-ca.yaml'], { config: 'a.yaml', json: false }],
    [['--limit', '1', '--limit', '2'], { limit: '2', json: false }],
  ])('%j are read', (argv, values) => {
    expect(readArguments(argv, options)).toEqual({ values, positionals: [], help: false })
  })

  it('may hold as many names as the command takes', () => {
    expect(readArguments(['c1', '--json'], options, 1)).toMatchObject({ positionals: ['c1'] })
    expect(readArguments(['--', '--c1'], options, 1)).toMatchObject({ positionals: ['--c1'] })
  })

  it.each([
    [['--jsno'], 'unknown option --jsno; did you mean --json?'],
    [['--verbose'], 'unknown option --verbose'],
    [['-x'], 'unknown option -x'],
    [['--toString'], 'unknown option --toString'],
    [['--config'], '--config needs a value'],
    [['--config='], '--config needs a value'],
    [['--config', '--json'], '--config needs a value'],
    [['--json=yes'], '--json takes no value'],
    [['here'], 'unexpected argument "here"'],
  ])('%j are refused in words', (argv, message) => {
    expect(() => readArguments(argv, options)).toThrow(message)
  })

  it('ask for help, whatever else is wrong with them', () => {
    expect(readArguments(['--verbose', 'x', '-h'], options).help).toBe(true)
    expect(readArguments(['--help'], options).help).toBe(true)
  })
})
