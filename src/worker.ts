import { runWorker } from './compose/workers/worker.js'

await runWorker(process)
