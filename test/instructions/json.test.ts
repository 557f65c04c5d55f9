import { describe, expect, test } from 'vitest'
import { parseJsonDocument } from '../../src/instructions/documents/json.js'

const document = (...verbs: readonly unknown[]): string => JSON.stringify({ do: verbs })

describe('a JSON document', () => {
  test('has the verbs of the configuration file, with keys in camelCase', () => {
    const text = document(
      {
        ring: {
          to: [{ client: 'bob' }],
          callerId: '+15550100',
          answerFirst: true,
          timeout: 20,
          action: '/rung',
        },
      },
      {
        gather: {
          maxDigits: 2,
          finishOn: 'none',
          timeout: '4s',
          choices: { '1': 'a.json' },
          prompts: [{ pause: 1 }],
        },
      },
      { hangUp: {} },
    )
    expect(parseJsonDocument(text)).toEqual([
      {
        ...{
          verb: 'ring',
          to: [{ kind: 'client', client: 'bob' }],
          strategy: 'side-by-side',
          timeoutMs: 20_000,
        },
        ...{ callerId: '+15550100', answerFirst: true, unless: [], action: { to: '/rung', method: 'POST' } },
      },
      {
        ...{
          verb: 'gather',
          prompts: [{ sound: { kind: 'silence', ms: 1000 }, times: 1 }],
          times: 1,
          answer: true,
        },
        ...{ maxDigits: 2, finishOn: null, timeoutMs: 4000, action: null, actionOnEmpty: false },
        choices: new Map([['1', { to: 'a.json', method: 'POST' }]]),
      },
      { verb: 'hang-up' },
    ])
  })

  test.each([
    ['no JSON', '{', /^is no JSON: /],
    ['no object', '[]', /^expected an object with the key do$/],
    ['nothing to do', '{}', /^do: expected a list$/],
    ['another key', '{"do": [], "say": 1}', /^say: unknown key; known here: do$/],
    ['no verb', document(), /^do: expected at least one verb$/],
    [
      'too many verbs',
      document(...Array.from({ length: 101 }, () => ({ pause: 1 }))),
      /^do: expected 100 verbs at most$/,
    ],
    [
      'a key of the file',
      document({ 'hang-up': {} }),
      /^do\[0\]\.hang-up: unknown key; did you mean "hangUp"\?$/,
    ],
    [
      'a value of another kind',
      document({ ring: { to: [{ user: 'a' }], strategy: 'random' } }),
      /^do\[0\]\.ring\.strategy: expected one of side-by-side, in-turn$/,
    ],
    [
      'two verbs at once',
      document({ pause: 1, hangUp: {} }),
      /^do\[0\]: needs exactly one of ring.* and hangUp$/,
    ],
    [
      'a recording',
      document({ record: {} }),
      /^do\[0\]\.record: expected no such verb: this server records no calls$/,
    ],
    ['what is nested deep', `{"do": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`, /^do: is nested too deep$/],
  ])('is refused with %s', (_what, text, message) => {
    expect(() => parseJsonDocument(text)).toThrow(message)
  })
})
