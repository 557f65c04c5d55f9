import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { readPlain } from '../../src/config/read-plain.js'
import { readYaml } from '../../src/config/read-yaml.js'
import type { Tree } from '../../src/config/tree.js'

/** Where nothing was written there is no place that the two readers would have to agree on. */
function comparable(tree: Tree): unknown {
  if (tree.kind === 'list') return { at: tree.at, items: tree.items.map(comparable) }
  if (tree.kind === 'text') return tree.absent ? 'absent' : { at: tree.at, text: tree.text }
  const entries = tree.entries.map(({ key, at, value }) => ({ key, at, value: comparable(value) }))
  return { at: tree.at, entries }
}

/** Where the plain reader says something, the full one must say the same. */
function agree(text: string): boolean {
  const plain = readPlain(text)
  if (plain === undefined) return false
  const { tree, findings } = readYaml(text)
  expect(findings, text).toEqual([])
  expect(comparable(plain), text).toEqual(comparable(tree))
  return true
}

const SAMPLES = [
  'a: 1\n',
  'a:\n  b: x y # c\n\n  # d\n  "c d": "x: # y"\n  e: \'f\'\n# end',
  'a:\n- 1\n- b: 2\n  c: 3\n-\n  - x\nb: []\n',
  'a:\n  -   k: v\n      l: w\n  - plain text, with [brackets] and {braces}\n',
  'a: {b: 1, "c": [x, y z, sip:10.0.0.1:5060], d: {}}\nb: { }\n',
  'numbers: [+1555, "+1 555", 5*]\nmatch: [127.0.0.0/8, ::1]\n',
  'u: sip:10.0.0.1:5060\nv: http://127.0.0.1:9/push/{token}\nw: a#b\nx: ${A:-b}\n',
  'a:\nb: ~\nc: null\nd: ""\n1001: x\n+1: y\n',
  '  a: 1\n  b:\n     c: 2\n',
  '- a\n- {b: c}\n- [d]\n-\n',
  '',
  '# only\n',
  'a: -1\nb: -x\nc: .5\n',
  'a: x   \nb: y\t\n',
]

describe('the quick reader of plain configurations', () => {
  it.each(SAMPLES)('says of %j what the full one says, or nothing', (text) => {
    agree(text)
  })

  it('reads what configurations look like', () => {
    expect(agree(readFileSync('config/example.yaml', 'utf8'))).toBe(true)
    for (const text of SAMPLES.slice(0, 5)) expect(agree(text), text).toBe(true)
  })

  it.each([
    'a: &x 1\nb: *x\n',
    'a: |\n  text\n',
    'a: x\n  y\n',
    'a: "x\\ty"\n',
    "a: 'it''s'\n",
    'a: [1,\n 2]\n',
    '--- \na: 1\n',
    'a: 1\n...\n',
    '? a\n: b\n',
    'a: !!str 1\n',
    'a: b: c\n',
    'a: 1\n  b: 2\n',
    'a:\n  b: 1\n c: 2\n',
    'a: [1, 2\n',
    'a: {b}\n',
    'a: [1, ]\n',
    'a: "b" c\n',
    '\ta: 1\n',
    'a: 1\r\nb: 2\r\n',
    '- - a\n',
    'a\n',
    '"a": 1 "b": 2\n',
    `a: ${'['.repeat(10_000)}`,
  ])('leaves %j to the full one', (text) => {
    expect(readPlain(text)).toBeUndefined()
  })

  const odd = fc.stringMatching(/^[a-z0-9+.:#'"*~-][a-zA-Z0-9 +.:,#'"*&{}[\]$/@!?|>%~=-]{0,12}$/)
  const usual = fc.stringMatching(/^[a-z0-9+/$][a-zA-Z0-9 +.:/$*-]{0,12}$/)
  const word = fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd })
  const name = fc.oneof(
    { weight: 19, arbitrary: fc.stringMatching(/^[a-z][a-z-]{0,8}$/) },
    { weight: 1, arbitrary: odd },
  )
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ depthSize: 'small' }, word, tie('list'), tie('map')),
    list: fc.array(tie('any'), { maxLength: 4 }),
    map: fc.dictionary(name, tie('any'), { minKeys: 1, maxKeys: 4 }),
  })).map

  it('agrees with the full one on whatever a writer of YAML makes', () => {
    let read = 0
    const options = fc.record({
      collectionStyle: fc.constantFrom('block' as const, 'flow' as const, 'any' as const),
      indentSeq: fc.boolean(),
      indent: fc.integer({ min: 1, max: 5 }),
      singleQuote: fc.boolean(),
      lineWidth: fc.constantFrom(0, 80),
    })
    fc.assert(
      fc.property(value, options, (map, style) => {
        if (agree(stringify(map, style))) read += 1
      }),
      { numRuns: 1000 },
    )
    expect(read).toBeGreaterThan(100)
  })

  it('agrees with the full one, or says nothing, on a text that was damaged anywhere', () => {
    const example = readFileSync('config/example.yaml', 'utf8').split('\n')
    const damage = fc.record({
      from: fc.nat(example.length - 1),
      lines: fc.integer({ min: 1, max: 12 }),
      at: fc.nat(400),
      cut: fc.nat(3),
      put: fc.stringMatching(/^[ \n\t:#{}[\],'"*&!|>?%@`a1~\\$-]{0,3}$/),
    })
    fc.assert(
      fc.property(damage, ({ from, lines, at, cut, put }) => {
        const text = example.slice(from, from + lines).join('\n')
        const place = at % (text.length + 1)
        agree(text.slice(0, place) + put + text.slice(place + cut))
      }),
      { numRuns: 3000 },
    )
  })
})
