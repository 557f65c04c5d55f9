import type { FromWorker, ToWorker } from './generator.js'
import { Player } from './player.js'

/* One process of the generator: plays what its parent says. */

let player: Player | undefined

async function obey(order: ToWorker): Promise<FromWorker> {
  switch (order.do) {
    case 'open':
      player = await Player.open(order.plan)
      return { done: 'open' }
    case 'make known':
      await player?.makeKnown()
      return { done: 'make known' }
    case 'run': {
      if (player === undefined) throw new Error('there is no player')
      return { done: 'run', result: await player.run(order.run) }
    }
    case 'cancel held':
      return { done: 'cancel held', ended: (await player?.cancelHeld()) ?? 0 }
    case 'close':
      await player?.close()
      return { done: 'close' }
  }
}

process.on('message', (order: ToWorker) => {
  obey(order)
    .catch((error: unknown): FromWorker => ({
      failed: error instanceof Error ? error.message : String(error),
    }))
    .then((answer) => {
      process.send?.(answer)
      if (order.do === 'close') process.disconnect()
    })
    .catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    })
})
process.once('disconnect', () => process.exit())
