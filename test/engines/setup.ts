import buildProgram from '../process/setup.js'
import { missing } from './support/real-servers.js'

/** Once a run: builds the program as it is shipped; or says, in a line, what is left out without real servers. */
export default async function setup(): Promise<void> {
  const { servers, commands } = missing()
  if (servers.length > 0) {
    process.stderr.write(`left out: load, kills and nodes on real servers: no ${servers.join(', ')}\n`)
    return
  }
  if (commands.length > 0)
    process.stderr.write(`left out: kills of real servers: no ${commands.join(', ')}\n`)
  await buildProgram()
}
