import { join } from 'node:path'
import { at, entriesOf, itemsOf, type Place, placesIn, textOf } from './look.js'
import { nearest } from './nearest.js'
import type { Complain } from './problem.js'
import type { Files } from './schema/files.js'
import type { Value } from './to-value.js'

/** Instructions, with a name or in a route of their own. */
function sourcesIn(root: Value): readonly Place[] {
  const named = entriesOf(at(at(root, 'instructions'), 'sources')).map(([name, value]) => ({
    path: ['instructions', 'sources', name],
    value,
  }))
  const routes = placesIn(['routes'], itemsOf(at(root, 'routes')))
  const inline = routes.map(({ path, value }) => ({
    path: [...path, 'instructions'],
    value: at(value, 'instructions'),
  }))
  return [...named, ...inline.filter(({ value }) => textOf(value) === undefined)]
}

const verbsIn = ({ path, value }: Place): readonly Place[] => placesIn([...path, 'do'], at(value, 'do'))

function under({ path, value }: Place, ...steps: readonly string[]): Place {
  return steps.reduce<Place>(
    (place, step) => ({ path: [...place.path, step], value: at(place.value, step) }),
    {
      path,
      value,
    },
  )
}

/** Where instructions name users, groups and trunks. */
export function instructionTargets(root: Value): readonly Place[] {
  const sources = sourcesIn(root)
  return sources.flatMap((source) => [
    { path: source.path, value: at(source.value, 'trunk') === undefined ? undefined : source.value },
    under(source, 'otherwise'),
    ...verbsIn(source).flatMap((verb) => {
      const { path, value } = under(verb, 'ring', 'to')
      return placesIn(path, value)
    }),
  ])
}

/** What instructions say of the rest of the configuration, beyond the names of users, groups and trunks. */
export function checkInstructions(
  root: Value,
  targets: readonly Place[],
  users: ReadonlySet<string>,
  files: Files,
  complain: Complain,
): void {
  const sources = sourcesIn(root)
  const known = entriesOf(at(at(root, 'instructions'), 'sources')).map(([name]) => name)
  const checkName = ({ path, value }: Place): void => {
    const name = textOf(value)
    if (name === undefined || known.includes(name)) return
    const near = nearest(name, known)
    const hint = near === undefined ? '' : `; did you mean ${near}?`
    complain(path, `there are no instructions ${name}${hint}`)
  }
  for (const target of targets) checkName(under(target, 'instructions'))
  for (const source of sources) {
    checkName(under(source, 'name'))
    placesIn([...source.path, 'presence'], at(source.value, 'presence')).forEach(({ path, value }) => {
      const user = textOf(value)
      if (user !== undefined && !users.has(user)) complain(path, `there is no user ${user}`)
    })
    for (const verb of verbsIn(source)) {
      for (const reference of referencesOf(verb)) {
        if (!/^https?:/i.test(textOf(reference.value) ?? '')) checkName(reference)
      }
    }
  }
  checkTransport(root, sources, complain)
  checkSounds(root, sources, files, complain)
}

function referencesOf(verb: Place): readonly Place[] {
  const choices = under(verb, 'gather', 'choices')
  return [
    under(verb, 'redirect'),
    under(verb, 'ring', 'action'),
    under(verb, 'gather', 'action'),
    ...entriesOf(choices.value).map(([digits, value]) => ({ path: [...choices.path, digits], value })),
  ]
}

/** A request without TLS tells anybody on its way who calls whom. */
function checkTransport(root: Value, sources: readonly Place[], complain: Complain): void {
  const settings: Place = { path: ['instructions'], value: at(root, 'instructions') }
  if (textOf(at(settings.value, 'allow-http')) === 'true') return
  const urls = [
    under(settings, 'speech', 'url'),
    ...sources.flatMap((source) => [
      ...['twiml', 'webhook', 'fallback', 'status-callback'].map((key) => under(source, key)),
      ...verbsIn(source).flatMap(referencesOf),
      ...verbsIn(source)
        .flatMap(playsOf)
        .map((play) => under(play, 'url')),
    ]),
  ]
  for (const { path, value } of urls) {
    if (/^http:/i.test(textOf(value) ?? '')) complain(path, 'needs https, or instructions.allow-http')
  }
}

function playsOf(verb: Place): readonly Place[] {
  return soundsOf(verb, 'play')
}

function soundsOf(verb: Place, kind: 'play' | 'say'): readonly Place[] {
  const prompts = under(verb, 'gather', 'prompts')
  return [under(verb, kind), ...placesIn(prompts.path, prompts.value).map((prompt) => under(prompt, kind))]
}

function checkSounds(root: Value, sources: readonly Place[], files: Files, complain: Complain): void {
  const settings = at(root, 'instructions')
  const folder = textOf(at(settings, 'sounds'))
  for (const verb of sources.flatMap(verbsIn)) {
    for (const { path, value } of soundsOf(verb, 'say')) {
      if (value === undefined || at(settings, 'speech') !== undefined) continue
      complain(path, 'needs a speech engine; none is configured (instructions.speech)')
    }
    for (const play of playsOf(verb)) {
      const { path, value } = under(play, 'file')
      const file = textOf(value)
      // A way out of the folder is the schema's to refuse.
      if (file === undefined || file.split('/').includes('..')) continue
      if (folder === undefined) complain(path, 'needs instructions.sounds, the folder of the files')
      else if (!files.exists(join(files.resolve(folder), file)))
        complain(path, `there is no such file in ${folder}`)
    }
  }
}
