import { randomBytes } from 'node:crypto'
import { loadTokenKeys } from '../../clients/tokens/keys.js'
import { createTokens } from '../../clients/tokens/tokens.js'
import { awake, CellNetwork, PhoneApp, setForwarding } from '../../demo/carrier/index.js'
import { forwardedCallLadder, Phone, playForwardedCall, type ForwardedCallReport } from '../../demo/index.js'
import type { StartServer } from '../start.js'
import { type DemoServer, DOMAIN, PROVIDER, withDemoServer } from './demo-server.js'
import { rounded, type Played } from './played.js'

const CELL = '+12025550142'
const DID = '+12025550199'
const CALLER = { number: '+12025550177', name: 'Ann' }
const DEVICE = 'alices-cell-phone'
const PASSWORD = 'demo'
/** How long the network takes to forward a call that was rejected. */
const FORWARDING_MS = 1500
/** How long the user at the desk needs to take it: sooner than that, so that the wait for the caller is heard. */
const TAKES_MS = 400
const TALK_MS = 600
/** Of the comfort audio, and of the two players. */
const HEARS = [523, 659, 784, 800, 1000]

const sections = (secret: string): string => `
tokens: {keys: [{id: demo, algorithm: HS256, secret: "${secret}"}]}
trunks: {carrier: {match: [127.0.0.0/8], ringback: early-media, tone: us, trusted: true}}
users:
  alice: {name: Alice, password: ${PASSWORD}}
  desk: {name: The desk, password: ${PASSWORD}}
subscribers:
  "${CELL}": {user: alice, did: "${DID}", secondaries: [{user: desk}]}
`

/** A call to a cell phone, which is fetched by its conditional forwarding. */
export function playForwarding(startServer: StartServer): Promise<Played> {
  const secret = randomBytes(24).toString('hex')
  return withDemoServer(startServer, sections(secret), (server) => play(server, secret))
}

async function play({ sip, http, push }: DemoServer, secret: string): Promise<Played> {
  const desk = await Phone.open({
    user: 'desk',
    credentials: { username: 'desk', password: PASSWORD },
    domain: DOMAIN,
    proxy: sip,
    protocol: 'udp',
  })
  const network = await CellNetwork.open({ proxy: sip, didDomain: DOMAIN, forwardAfterMs: FORWARDING_MS })
  const phone = network.phone({ number: CELL })
  const token = await tokenOfApp(secret)
  const app = await PhoneApp.open(phone, {
    api: http,
    token,
    ways: ['channel', 'poll', 'push'],
    push: { service: push, token: DEVICE },
  })
  try {
    desk.onInvite({})
    await desk.register()
    await registerDevice(app)
    await setForwarding(phone, app.api, ['busy'])
    const players = { network, app, subscriber: CELL, secondaries: [awake(desk)] }
    const report = await playForwardedCall(players, {
      from: CALLER,
      takesAfterMs: TAKES_MS,
      talkMs: TALK_MS,
      hears: HEARS,
    })
    return {
      succeeded: report.result === 'joined',
      story: story(report, forwardedCallLadder(players, [desk])),
      summary: summary(report),
    }
  } finally {
    await app.close()
    await network.close()
    await desk.close()
  }
}

/** As an app does that keeps its push token out of SIP: the server instructs devices that it knows. */
async function registerDevice(app: PhoneApp): Promise<void> {
  const path = `/v1/devices/${DEVICE}`
  const { status } = await app.api.exchange({
    method: 'PUT',
    path,
    body: { provider: PROVIDER, token: DEVICE, param: 'app' },
  })
  if (status >= 300) throw new Error(`PUT ${path} got ${status}`)
}

/** As an operator makes it, and gives it to the app. */
async function tokenOfApp(secret: string): Promise<string> {
  const clock = { now: () => Date.now() * 1000 }
  const keys = await loadTokenKeys([{ id: 'demo', algorithm: 'HS256', secret }], () =>
    Promise.reject(new Error('the key is here')),
  )
  return createTokens({ keys, clock }).mintClient({
    client: DEVICE,
    user: 'alice',
    deviceId: DEVICE,
    grants: { channel: true, devices: true, 'primary-calls': true },
    expiresAt: clock.now() + 3_600_000_000,
  })
}

function story(report: ForwardedCallReport, ladder: string): string {
  const { heard, failure, shown = 'nobody' } = report
  const end =
    failure === undefined
      ? `joined: the desk talked to ${shown.replace(/;tag=.*$/, '')}`
      : `failed before "${failure.stage}": ${failure.reason}`
  return [
    'A call to a cell phone that is fetched by its conditional forwarding (milliseconds since it was made):',
    '',
    ladder.trimEnd(),
    '',
    `while waiting, the desk heard: ${heard.waiting}`,
    `while talking, the desk heard: ${heard.taker}`,
    `while talking, the caller heard: ${heard.caller}`,
    end,
    '',
  ].join('\n')
}

/** `ending` where it failed. */
function summary({ result, failure, stages, heard }: ForwardedCallReport): object {
  return { result, stages: rounded(stages), heard, ...(failure === undefined ? {} : { ending: failure }) }
}
