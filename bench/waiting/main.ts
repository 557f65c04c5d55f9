import { kamailioVersion } from '../peers/kamailio.js'
import { peerTitles } from '../peers/peers.js'
import { busyWarning, thisMachine } from '../support/machine.js'
import { keepResults } from '../support/results.js'
import { measure, type Measured } from './measure.js'
import { type Options, readOptions, usage } from './options.js'
import { resultsPart, waitingTable } from './report.js'

async function bench(options: Options): Promise<boolean> {
  const machine = thisMachine()
  const warning = busyWarning(machine)
  if (warning !== undefined) say(warning)
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
    const versions = `Kamailio ${kamailioVersion() ?? 'absent'}`
    const json = { bench: 'waiting', at, machine, versions, options, all }
    await keepResults('waiting', json, resultsPart(all, options, machine, versions, at.slice(0, 10)))
  }
  return all.every(({ rounds, count }) =>
    rounds.every(({ waiting, ended }) => waiting >= count && ended === waiting),
  )
}

function say(text: string): void {
  process.stdout.write(`${text}\n\n`)
}

async function main(): Promise<number> {
  let options: Options | 'help'
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`)
    return 2
  }
  if (options === 'help') {
    say(usage)
    return 0
  }
  return (await bench(options)) ? 0 : 1
}

process.exitCode = await main()
