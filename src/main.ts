#!/usr/bin/env node
import { callsCommand } from './cli/calls.js'
import { checkCommand } from './cli/check.js'
import { demoCommand } from './cli/demo.js'
import { devicesCommand } from './cli/devices.js'
import { migrateCommand } from './cli/migrate.js'
import { runProgram } from './cli/program.js'
import { routeCommand } from './cli/route.js'
import { startCommand } from './cli/start.js'
import { tokenCommand } from './cli/token.js'
import { explainOffline } from './compose/route.js'
import { startServer } from './compose/server.js'
import { openConfiguredStore } from './compose/store.js'
import { startWorkers } from './compose/workers/parent.js'
import { version } from './version.js'

/** The program of one worker of several. */
const WORKER = new URL('./worker.js', import.meta.url)

const database = { openStore: openConfiguredStore }

const commands = [
  startCommand(startServer, (watched, log, order) => startWorkers(watched, log, { ...order, entry: WORKER })),
  checkCommand(),
  demoCommand(startServer),
  migrateCommand(database),
  callsCommand(database),
  devicesCommand(database),
  routeCommand({ explain: explainOffline }),
  tokenCommand(database),
]

// `reveille calls | head` closes the pipe when it has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

process.exitCode = await runProgram({ version, commands }, process.argv.slice(2), process)
