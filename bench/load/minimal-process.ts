import { MinimalServer } from './minimal-server.js'

/* The minimal server as a program: its arguments are its port and those of the push services. */

const [port = 0, ...pushPorts] = process.argv.slice(2).map(Number)
await MinimalServer.open(port, pushPorts)
// Who started it went away, or is done.
process.once('disconnect', () => process.exit())
process.send?.('up')
