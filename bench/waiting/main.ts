import { peerTitles, presentOf, versionsOf } from '../peers/peers.js'
import { runCommand, say } from '../support/command.js'
import { machineOfRun } from '../support/machine.js'
import { keepResults } from '../support/results.js'
import { measure, type Measured } from './measure.js'
import { type Options, readOptions, usage } from './options.js'
import { resultsPart, waitingPlots, waitingTable } from './report.js'

async function bench(asked: Options): Promise<boolean> {
  const options = { ...asked, peers: presentOf(asked.peers, say) }
  const machine = machineOfRun()
  const all: Measured[] = []
  for (const count of options.counts)
    for (const peer of options.peers) {
      const measured = await measure(peer, count, options)
      for (const [why, failed] of Object.entries(measured.failures))
        say(`${peerTitles[peer]}: ${failed} calls failed: ${why}`)
      for (const fault of measured.faults) say(`${peerTitles[peer]} logged: ${fault}`)
      all.push(measured)
      say(waitingTable(all))
    }
  if (!options.dry) {
    const at = new Date().toISOString()
    const versions = versionsOf(options.peers)
    const json = { bench: 'waiting', at, machine, versions, options, all }
    const part = resultsPart(all, options, machine, versions, at.slice(0, 10))
    await keepResults('waiting', json, part, waitingPlots(all))
  }
  return all.every(({ rounds, count }) =>
    rounds.every(({ waiting, ended }) => waiting >= count && ended === waiting),
  )
}

await runCommand({ usage, readOptions, bench })
