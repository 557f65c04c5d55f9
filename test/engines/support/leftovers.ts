import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Address } from '../../../src/demo/index.js'
import { ask } from '../../adapters/freeswitch/ask.js'
import { until } from '../../process/support/poll.js'
import type { Named } from '../../support/engines.js'

/** URL of the Prometheus page of the drachtio-server, where it has one. */
const METRICS = process.env['REVEILLE_TEST_DRACHTIO_METRICS'] ?? ''

/** drachtio-server counts what it has each 30 s; and a BYE that nobody answers is over after 64·T1, 32 s. */
const COUNTED_MS = 70_000

/** Resolves when FreeSWITCH has no channel any more. */
export async function untilNoChannels(freeswitch: Named): Promise<void> {
  let left = NaN
  const none = async (): Promise<boolean> => (left = await channels(freeswitch)) === 0
  await until('FreeSWITCH has no channels', none, 10_000, () => `; it has ${left}`)
}

/**
 * Resolves when drachtio-server, at `sip`, says that it has no dialogs any more; at once where nobody says where it
 * can be asked.
 */
export async function untilNoDialogs(sip: Address): Promise<void> {
  if (METRICS === '') return
  // What it says may be of before: it has counted again when it has seen this.
  const before = await sum('drachtio_sofia_msgs_recv')
  await sendOptions(sip)
  let left = NaN
  const none = async (): Promise<boolean> => {
    left = await sum('drachtio_stable_dialogs')
    return left === 0 && (await sum('drachtio_sofia_msgs_recv')) !== before
  }
  await until('drachtio-server has no dialogs', none, COUNTED_MS, () => `; it has ${left}`)
}

/** How many channels FreeSWITCH has. */
async function channels(freeswitch: Named): Promise<number> {
  const said = await ask(freeswitch, 'show channels count')
  const [, count] = /^(\d+) total/m.exec(said) ?? []
  if (count === undefined) throw new Error(`FreeSWITCH does not count its channels: ${said}`)
  return Number(count)
}

/** Of all samples of a metric of drachtio-server; one that was never set is not on its page. */
async function sum(name: string): Promise<number> {
  const page = await get(METRICS)
  const samples = [...page.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))]
  return samples.reduce((total, [, value]) => total + Number(value), 0)
}

/** On a connection of its own: one from before belongs to a server that was killed since. */
async function get(url: string): Promise<string> {
  const [response] = (await once(request(url, { agent: false }).end(), 'response')) as [IncomingMessage]
  const chunks = (await response.toArray()) as Buffer[]
  return Buffer.concat(chunks).toString()
}

/** One message that is counted, and begins nothing. Its answer is nobody's. */
async function sendOptions({ host, port }: Address): Promise<void> {
  const socket = createSocket('udp4')
  const id = `${process.pid}.${performance.now()}`
  const lines = [
    `OPTIONS sip:${host}:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK${id};rport`,
    'Max-Forwards: 70',
    `From: <sip:counted@127.0.0.1>;tag=${id}`,
    `To: <sip:${host}:${port}>`,
    `Call-ID: ${id}`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
  ]
  await new Promise<void>((resolve, reject) => {
    socket.send(`${lines.join('\r\n')}\r\n\r\n`, port, host, (error) => (error ? reject(error) : resolve()))
  })
  await new Promise<void>((resolve) => socket.close(resolve))
}
