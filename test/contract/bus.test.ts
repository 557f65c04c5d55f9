import { createLocalBus } from '../../src/adapters/bus/local.js'
import { busContract } from './bus.contract.js'

busContract('within a process', (log) => {
  const bus = createLocalBus({ log })
  return Promise.resolve([bus, bus])
})
