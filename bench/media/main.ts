import { rtpengineVersion } from '../peers/rtpengine.js'
import { runCommand, say } from '../support/command.js'
import { machineOfRun } from '../support/machine.js'
import { keepResults } from '../support/results.js'
import { measure, type Measured, type Subject } from './measure.js'
import { type Options, readOptions, usage } from './options.js'
import { mediaTable, resultsPart, rowsOf } from './report.js'

/** More than this share lost of what the generator sends to itself is the generator's fault. */
const FLOOR_LOSS = 0.001

async function bench(options: Options): Promise<boolean> {
  const machine = machineOfRun()
  const version = rtpengineVersion()
  const relays = options.relays.filter((relay) => relay !== 'rtpengine' || version !== undefined)
  if (relays.length < options.relays.length) say('rtpengine is not installed, and left out.')
  const all: Measured[] = []
  const subjects: readonly Subject[] = ['floor', ...relays]
  // In turn, so that what slows the machine for a while slows all of them.
  for (const calls of options.calls)
    for (let round = 0; round < options.rounds; round++)
      for (const subject of subjects) all.push(await measure(subject, calls, options))
  const rows = rowsOf(all, options)
  say(mediaTable(rows))
  for (const { subject, calls, lostShare } of rows)
    if (subject === 'floor' && lostShare > FLOOR_LOSS)
      say(
        `At ${calls} calls the generator loses packets to itself: what is lost there says nothing of a relay.`,
      )
  if (!options.dry) {
    const at = new Date().toISOString()
    const versions = `rtpengine ${version ?? 'not there'}`
    const json = { bench: 'media', at, machine, versions, options, rows, all }
    await keepResults('media', json, resultsPart(rows, options, machine, versions, at.slice(0, 10)))
  }
  return all.every(({ received }) => received > 0)
}

await runCommand({ usage, readOptions, bench })
