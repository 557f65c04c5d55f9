import { ceilingWarning, describeCeiling, findCeiling } from '../load/self-test.js'
import { peerTitles, presentOf, versionsOf } from '../peers/peers.js'
import { runCommand, say } from '../support/command.js'
import { machineOfRun } from '../support/machine.js'
import { keepResults } from '../support/results.js'
import { type Options, readOptions, usage } from './options.js'
import { type Found, ratePlots, ratesTable, resultsPart, trialLine } from './report.js'
import { highestRate } from './search.js'
import { RateTrials } from './trial.js'

async function bench(asked: Options): Promise<boolean> {
  const options = { ...asked, peers: presentOf(asked.peers, say) }
  const machine = machineOfRun()
  const ceiling = await findCeiling(options.workers, options.loadCores, () => undefined)
  say(describeCeiling(ceiling))
  const found: Found[] = []
  for (const pushMs of options.pushes)
    for (const peer of options.peers) {
      const { first, most, closeness } = options
      const on = new RateTrials(peer, options, pushMs)
      try {
        const searched = await highestRate(first, most, closeness, async (rate) => {
          const trial = await on.play(rate)
          say(`${peerTitles[peer]}, push ${pushMs} ms, ${trialLine(trial)}`)
          return trial
        })
        found.push({ peer, pushMs, ...searched })
      } finally {
        await on.close()
      }
    }
  const remarks = [
    describeCeiling(ceiling),
    ...found.flatMap(({ peer, pushMs, best }) => {
      const limit = best && ceilingWarning(best.rate, ceiling, best.lateMs)
      return limit === undefined ? [] : [`${peerTitles[peer]}, push ${pushMs} ms: ${limit}`]
    }),
  ]
  say(ratesTable(found))
  say(remarks.join('\n'))
  if (options.dry) return true
  const at = new Date().toISOString()
  const versions = versionsOf(options.peers)
  const json = { bench: 'rate', at, machine, versions, options, ceiling, found }
  const part = resultsPart(found, options, machine, versions, at.slice(0, 10), remarks)
  await keepResults('rate', json, part, ratePlots(found))
  return true
}

await runCommand({ usage, readOptions, bench })
