import { nearest } from '../config/nearest.js'
import { UsageError } from './args.js'
import { command, type Command, EXIT } from './command.js'
import { playForwarding } from './demo/forwarding.js'
import type { Played } from './demo/played.js'
import { playWake } from './demo/wake.js'
import type { StartServer } from './start.js'

/** What there is to show, each on a server of its own. */
const SCENES: Readonly<Record<string, (startServer: StartServer) => Promise<Played>>> = {
  wake: playWake,
  forwarding: playForwarding,
}

/** Starts a server of its own on free ports, and plays one real call through it. */
export function demoCommand(startServer: StartServer): Command {
  return command({
    name: 'demo',
    summary: 'play one real call through a server of its own, and show how it went',
    usage: 'reveille demo [wake|forwarding] [--json]',
    options: { json: { type: 'boolean', describe: 'one JSON object instead of the ladder' } },
    positionals: 1,
    notes: [
      'wake        a call wakes a sleeping phone (without a name it is this)',
      'forwarding  a call rings at a cell phone and beside it; the cell phone rejects it, and its carrier',
      '            forwards it to whoever took it',
    ].join('\n'),
    async run({ json }, io, [name = 'wake']) {
      const { succeeded, story, summary } = await sceneOf(name)(startServer)
      io.stdout.write(json ? `${JSON.stringify(summary)}\n` : story)
      return succeeded ? EXIT.ok : EXIT.failed
    },
  })
}

function sceneOf(name: string): (startServer: StartServer) => Promise<Played> {
  const scene = Object.hasOwn(SCENES, name) ? SCENES[name] : undefined
  if (scene !== undefined) return scene
  const near = nearest(name, Object.keys(SCENES))
  throw new UsageError(`there is no demo "${name}"${near === undefined ? '' : `; did you mean ${near}?`}`)
}
