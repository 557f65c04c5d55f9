import { parseArgs } from 'node:util'
import { newBranch, newTag } from '../../src/embedded/sip/ids.js'
import { respondTo } from '../../src/embedded/sip/message/build.js'
import type { SipRequest } from '../../src/embedded/sip/message/message.js'
import { serialize } from '../../src/embedded/sip/message/serialize.js'
import { settingsOf } from '../../src/embedded/sip/options.js'
import { Counters } from '../../src/embedded/sip/stats.js'
import { Ingress } from '../../src/embedded/sip/transport/ingress.js'
import type { Flow, ListeningPoint } from '../../src/embedded/sip/transport/transport.js'
import { runCommand, say } from '../support/command.js'
import { numberOf, optionFlag, optionText } from '../support/option-values.js'
import { markdownTable } from '../support/table.js'
import { bye, invite, register } from './messages.js'

interface Options {
  /** How often each is done in a round. */
  readonly times: number
  readonly rounds: number
}

const usage = `npx tsx bench/sip/main.ts [options]
  --times N    how often each is done in a round; 20000
  --rounds N   rounds, of which the best counts; 5`

function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: { times: optionText('20000'), rounds: optionText('5'), help: optionFlag },
  })
  if (values.help) return 'help'
  return { times: numberOf('times', values.times, 1), rounds: numberOf('rounds', values.rounds, 1) }
}

/** Different ones, so that nothing is found in a cache that would not be there in service. */
const VARIANTS = 500

const point: ListeningPoint = {
  ...{ protocol: 'udp', reliable: false, connections: 0, host: '192.0.2.1', port: 5060 },
  known: () => undefined,
  flowTo: () => flow,
  close: () => Promise.resolve(),
}
const flow: Flow = {
  ...{ point, remote: { address: '192.0.2.10', port: 5060 }, open: true },
  send: () => undefined,
  onClose: () => () => undefined,
}

/** Reads a datagram as the server does: parse, check, stamp its Via. */
function reader(taken: (request: SipRequest) => void): (bytes: Buffer) => void {
  const unexpected = (): void => {
    throw new Error('a message was refused')
  }
  const sink = { request: taken, response: unexpected, refuse: unexpected }
  const ingress = new Ingress(sink, settingsOf({ listen: [] }).limits, new Counters())
  return (bytes) => ingress.receive(bytes, flow)
}

function tasks(): readonly (readonly [name: string, run: (n: number) => void])[] {
  const read = reader(() => undefined)
  const requests: SipRequest[] = []
  const collect = reader((request) => requests.push(request))
  const each = (write: (n: number) => Buffer): ((n: number) => Buffer) => {
    const all = Array.from({ length: VARIANTS }, (_, n) => write(n))
    return (n) => all[n % VARIANTS] ?? Buffer.alloc(0)
  }
  const [invites, registers, byes] = [each(invite), each(register), each(bye)]
  for (let n = 0; n < VARIANTS; n++) collect(invites(n))
  const one = (n: number): SipRequest => {
    const request = requests[n % VARIANTS]
    if (request === undefined) throw new Error('no INVITE was read')
    return request
  }
  return [
    ['read an INVITE', (n) => read(invites(n))],
    ['read a REGISTER', (n) => read(registers(n))],
    ['read a BYE', (n) => read(byes(n))],
    ['write an INVITE', (n) => void serialize(one(n))],
    ['make and write its 200', (n) => void serialize(respondTo(one(n), 200, { tag: 'a1' }))],
    ['draw a tag and a branch', () => void [newTag(), newBranch()]],
  ]
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function bench({ times, rounds }: Options): Promise<boolean> {
  const rows = tasks().map(([name, run]) => {
    let best = Infinity
    for (let round = 0; round < rounds; round++) {
      const begun = cpuMicroseconds()
      for (let n = 0; n < times; n++) run(n)
      best = Math.min(best, (cpuMicroseconds() - begun) / times)
    }
    return [name, best.toFixed(2)]
  })
  say(markdownTable(['the embedded SIP server', 'CPU, µs'], rows))
  return Promise.resolve(true)
}

await runCommand({ usage, readOptions, bench })
