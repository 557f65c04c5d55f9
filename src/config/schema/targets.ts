import type { Files } from './files.js'
import { inlineOf, instructions as instructionsSection } from './instructions.js'
import { text } from './leaf.js'
import { numberPattern, phoneNumber, sipUri, whole } from './leaf.js'
import { userName } from './names.js'
import { presenceWords } from './presence.js'
import { finished } from './section.js'
import type { Complain } from './section.js'
import { z } from 'zod'

/** Where a call goes on. */
export type Target =
  | { readonly kind: 'user'; readonly user: string }
  /** A user, or a client of its own. */
  | { readonly kind: 'client'; readonly client: string }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'number'; readonly number: string }
  | { readonly kind: 'outside'; readonly uri: string; readonly trunk: string }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'instructions'; readonly name: string }

interface Ways {
  readonly user?: string
  readonly client?: string
  readonly group?: string
  readonly number?: string
  readonly uri?: string
  readonly trunk?: string
  readonly status?: number
  readonly instructions?: string
}

const keys = {
  user: text('the name of a user').optional(),
  client: userName.optional().describe('A client by its name, whether a user has it or not.'),
  group: text('the name of a group').optional(),
  uri: sipUri().optional().describe('Goes out through the trunk.'),
  trunk: text('the name of a trunk').optional(),
  status: whole(400, 699).optional().describe('The SIP status that the caller gets.'),
}

function targetOf(ways: Ways, names: string, complain: Complain): Target {
  const { user, client, group, number, uri, trunk, status, instructions } = ways
  const targets: Target[] = []
  if (user !== undefined) targets.push({ kind: 'user', user })
  if (client !== undefined) targets.push({ kind: 'client', client })
  if (group !== undefined) targets.push({ kind: 'group', group })
  if (number !== undefined) targets.push({ kind: 'number', number })
  if (uri !== undefined && trunk !== undefined) targets.push({ kind: 'outside', uri, trunk })
  if (status !== undefined) targets.push({ kind: 'status', status })
  if (instructions !== undefined) targets.push({ kind: 'instructions', name: instructions })
  const [target, ...more] = targets
  if ((uri === undefined) !== (trunk === undefined)) complain('uri and trunk belong together')
  else if (target === undefined || more.length > 0) complain(`needs exactly one of ${names}`)
  return target ?? z.NEVER
}

const number = phoneNumber().optional()

/** Where a call goes whose instructions cannot be had. */
const otherwise = finished({ ...keys, number }, (value, complain) =>
  targetOf(value, 'user, client, group, number, uri with trunk, and status', complain),
)

/** Named instructions, as anything but a route calls them. */
const instructions = text('the name of instructions').optional()

/** Where a call goes that nobody answered. */
export const noAnswer = finished({ ...keys, number, instructions }, (value, complain) =>
  targetOf(value, 'user, client, group, number, uri with trunk, status, and instructions', complain),
)

/** Where a call to a user goes while its presence is one of these. */
export const presenceRule = finished(
  {
    presence: presenceWords.describe('What the user has to be for the rule to hold.'),
    ...keys,
    number,
    instructions,
  },
  ({ presence, ...value }, complain) => ({
    presence,
    to: targetOf(value, 'user, client, group, number, uri with trunk, status, and instructions', complain),
  }),
)

/** The settings of instructions, and those with names. */
export const instructionsOf = (files: Files) => instructionsSection(files, otherwise)

/** `inline`: instructions that stand in the route itself, under the name that it goes to. */
export const route = finished(
  {
    match: numberPattern(),
    ...keys,
    instructions: inlineOf(otherwise)
      .optional()
      .describe('What to do with the call: the name of instructions, or themselves.'),
  },
  ({ match, instructions: told, ...value }, complain) => {
    const inline = told?.source
    const name = told === undefined ? {} : { instructions: told.name ?? inlineName(match) }
    const to = targetOf(
      { ...value, ...name },
      'user, client, group, uri with trunk, status, and instructions',
      complain,
    )
    return { match, to, ...(inline === undefined ? {} : { inline }) }
  },
)

/** No name that a file can write: names have no spaces. */
function inlineName(match: string): string {
  return `of ${match}`
}
