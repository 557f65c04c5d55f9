import { describe, expect, it } from 'vitest'
import { createLog, type LogLevel } from '../../src/observe/log.js'
import { prettyLine } from '../../src/observe/pretty.js'
import { SECRET } from '../../src/observe/redact.js'

function logInto(level: LogLevel, pretty = false) {
  const lines: string[] = []
  const log = createLog({ level, pretty, destination: { write: (line) => void lines.push(line) } })
  return { log, lines, records: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

describe('the log', () => {
  it('writes one JSON object a line, with an ISO time and the level by name', () => {
    const { log, lines, records } = logInto('info')
    log.info({ callId: 'c1' }, 'call ended')
    expect(lines[0]).toMatch(/^\{.*\}\n$/)
    expect(records()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        callId: 'c1',
        msg: 'call ended',
      },
    ])
  })

  it('leaves out what is below its level, and takes another level while it runs', () => {
    const { log, records } = logInto('warn')
    log.info({}, 'not told')
    log.warn({}, 'told')
    log.level = 'debug'
    log.debug({}, 'told now')
    expect(log.level).toBe('debug')
    expect(records().map(({ msg }) => msg)).toEqual(['told', 'told now'])
  })

  it('writes no secret, neither from fields nor from texts', () => {
    const { log, lines, records } = logInto('info')
    log.info(
      { request: { headers: { authorization: 'Bearer abcdefgh' } }, token: 'abcdefgh' },
      'asked with Bearer abcdefgh',
    )
    expect(lines.join()).not.toContain('abcdefgh')
    expect(records()[0]).toMatchObject({
      request: { headers: { authorization: SECRET } },
      token: SECRET,
      msg: `asked with Bearer ${SECRET}`,
    })
  })

  it('writes an error with its type, code, stack and cause', () => {
    const { log, records } = logInto('info')
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    log.error({ err: new TypeError('cannot', { cause }) }, 'failed')
    expect(records()[0]).toMatchObject({
      level: 'error',
      err: {
        type: 'TypeError',
        message: 'cannot',
        stack: expect.stringContaining('log.test.ts') as string,
        cause: { code: 'ECONNREFUSED' },
      },
    })
  })

  it('writes lines for eyes where it is asked to', () => {
    const { log, lines } = logInto('info', true)
    log.info({ callId: 'c1', detail: 'two words', waitMs: 12.5 }, 'call ended')
    expect(lines.join('')).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}call ended callId=c1 detail="two words" waitMs=12\.5\n$/,
    )
  })
})

describe('a line for eyes', () => {
  const line = JSON.stringify({ time: 'x', level: 'error', msg: 'no', err: { stack: 'Error: a\n    at b' } })

  it('has the stack of an error below it', () => {
    expect(prettyLine(line, { colour: false })).toBe('--:--:--.--- ERROR no\n    Error: a\n    at b\n')
  })

  it('has colours on a terminal', () => {
    expect(prettyLine(line, { colour: true })).toContain('\u001b[31mERROR\u001b[0m')
  })

  it('cannot be forged by line breaks in a value', () => {
    const forged = JSON.stringify({ time: 'x', level: 'info', msg: 'm', from: 'a\nERROR hacked' })
    expect(prettyLine(forged, { colour: false })).toBe('--:--:--.--- INFO  m from="a\\nERROR hacked"\n')
  })

  it('leaves what is no record as it is', () => {
    expect(prettyLine('plain text\n', { colour: false })).toBe('plain text\n')
  })
})
