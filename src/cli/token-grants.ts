import { type Grants, PLAIN_GRANTS } from '../clients/tokens/claims.js'
import { MOST_CALLS } from '../clients/tokens/grants.js'
import { type OptionSpecs, UsageError, type Values } from './args.js'

/** The options that say what a token grants. */
export const grantOptions = {
  grant: {
    type: 'string',
    value: 'LIST',
    describe: `what it may do, of ${PLAIN_GRANTS.join(',')}; all of them where nothing is granted otherwise`,
  },
  incoming: {
    type: 'boolean',
    describe: 'it may be called by the name of --user, which need not be configured',
  },
  outgoing: {
    type: 'string',
    value: 'LIST',
    describe: "whom it may call: '+1555*', '*', user:bob, 'user:*', group:sales",
  },
  trunk: { type: 'string', value: 'NAME', describe: 'with --outgoing: the one trunk for numbers' },
  'caller-id': { type: 'string', value: 'LIST', describe: 'with --outgoing: numbers that it may show' },
  calls: { type: 'string', value: 'N', describe: 'with --outgoing: the most calls at once' },
  presence: {
    type: 'string',
    value: 'LIST',
    describe: "set, read:NAME, or 'read:*' for anybody's",
  },
} as const satisfies OptionSpecs

type GrantValues = Values<typeof grantOptions>

/** @throws UsageError */
export function readGrantOptions(values: GrantValues): Grants {
  const outgoing = readOutgoing(values)
  const presence = values.presence === undefined ? undefined : readPresence(listOf(values.presence))
  const more = {
    ...(values.incoming ? { incoming: true as const } : {}),
    ...(outgoing === undefined ? {} : { outgoing }),
    ...(presence === undefined ? {} : { presence }),
  }
  const unnamed = Object.keys(more).length > 0 ? [] : PLAIN_GRANTS
  const plain = values.grant === undefined ? unnamed : listOf(values.grant).map(plainGrant)
  return { ...Object.fromEntries(plain.map((name) => [name, true])), ...more }
}

function plainGrant(name: string): (typeof PLAIN_GRANTS)[number] {
  const grant = PLAIN_GRANTS.find((each) => each === name)
  if (grant !== undefined) return grant
  const own = ['incoming', 'outgoing', 'presence'].includes(name) ? `; --${name} grants that` : ''
  throw new UsageError(`there is no grant "${name}"; there are ${PLAIN_GRANTS.join(', ')}${own}`)
}

function readOutgoing(values: GrantValues): Grants['outgoing'] {
  const { outgoing, trunk, 'caller-id': callerIds, calls } = values
  if (outgoing === undefined) {
    const idle = (['trunk', 'caller-id', 'calls'] as const).find((name) => values[name] !== undefined)
    if (idle !== undefined) throw new UsageError(`--${idle} is of no use without --outgoing`)
    return undefined
  }
  return {
    to: listOf(outgoing),
    ...(trunk === undefined ? {} : { trunk }),
    ...(callerIds === undefined ? {} : { callerIds: listOf(callerIds) }),
    ...(calls === undefined ? {} : { calls: countOf(calls) }),
  }
}

function readPresence(words: readonly string[]): NonNullable<Grants['presence']> {
  const read = words.filter((word) => /^read:./.test(word)).map((word) => word.slice('read:'.length))
  const odd = words.find((word) => word !== 'set' && !/^read:./.test(word))
  if (odd !== undefined) throw new UsageError(`--presence takes set and read:NAME, not "${odd}"`)
  return { ...(words.includes('set') ? { set: true } : {}), ...(read.length === 0 ? {} : { read }) }
}

function countOf(text: string): number {
  const count = Number(text)
  if (/^[0-9]+$/.test(text) && count >= 1 && count <= MOST_CALLS) return count
  throw new UsageError(`--calls needs a number from 1 to ${String(MOST_CALLS)}, not "${text}"`)
}

function listOf(text: string): readonly string[] {
  return text.split(',').map((word) => word.trim())
}
