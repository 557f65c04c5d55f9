import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/index.js'

const EXAMPLES = join(import.meta.dirname, '../../examples/trunks')
const REVEILLE = '10.0.0.20:5060'

const read = (...path: readonly string[]): string => readFileSync(join(EXAMPLES, ...path), 'utf8')

describe.each([
  { pbx: 'asterisk', address: '10.0.0.40', sends: ['pjsip.conf'] },
  { pbx: 'freeswitch', address: '10.0.0.30', sends: ['sip_profiles/external/reveille.xml'] },
  { pbx: 'kamailio', address: '10.0.0.10', sends: ['dispatcher.list'] },
])('the example of $pbx', ({ pbx, address, sends }) => {
  const config = parseConfig(read(pbx, 'reveille.yaml'), 'reveille.yaml', { ALICE_PASSWORD: 'secret' })
  const [trunk] = config.trunks.values()

  test('Reveille takes its calls, and sends calls back to it', () => {
    expect(trunk?.match).toEqual([address])
    expect(trunk?.proxy).toContain(`sip:${address}:`)
  })

  test('it sends its calls to where Reveille is', () => {
    for (const file of sends) expect(read(pbx, file)).toContain(REVEILLE)
  })

  test('the numbers that it sends are those of a user', () => {
    const numbers = [...config.users.values()].flatMap((user) => user.numbers)
    expect(numbers).toEqual(['+15551234'])
  })
})

describe('pjsip.conf of Asterisk', () => {
  const sections = sectionsOf(read('asterisk', 'pjsip.conf'))
  const typed = (type: string): readonly Section[] => sections.filter(({ keys }) => keys.get('type') === type)
  const named = (type: string): readonly string[] => typed(type).map(({ name }) => name)

  test('each name that a section refers to is there', () => {
    for (const { keys } of typed('endpoint')) {
      expect(named('transport')).toContain(keys.get('transport'))
      expect(named('aor')).toContain(keys.get('aors'))
    }
    for (const { keys } of typed('identify')) expect(named('endpoint')).toContain(keys.get('endpoint'))
    expect(named('endpoint')).toHaveLength(1)
    expect(named('identify')).toHaveLength(1)
  })

  test('the context of calls from Reveille is in extensions.conf, which dials an endpoint that is there', () => {
    const dialplan = read('asterisk', 'extensions.conf')
    const [endpoint] = typed('endpoint')
    expect(dialplan).toContain(`[${endpoint?.keys.get('context') ?? ''}]\n`)
    expect(dialplan).toContain(`@${endpoint?.name ?? ''},`)
  })
})

interface Section {
  readonly name: string
  readonly keys: ReadonlyMap<string, string>
}

/** Sections of one name may be there more than once, each of another type. */
function sectionsOf(text: string): Section[] {
  const sections: { name: string; keys: Map<string, string> }[] = []
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith(';')) continue
    const name = /^\[(.+)\]$/.exec(line)?.[1]
    const [, key, value] = /^(\w+) = (.+)$/.exec(line) ?? []
    if (name !== undefined) sections.push({ name, keys: new Map() })
    else if (key !== undefined && value !== undefined) sections.at(-1)?.keys.set(key, value)
    else throw new Error(`pjsip.conf: ${line}`)
  }
  return sections
}
