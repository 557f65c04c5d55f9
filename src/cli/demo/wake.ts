import { Caller, Phone, playWakeCall, wakeCallLadder, type WakeCallReport } from '../../demo/index.js'
import type { StartServer } from '../start.js'
import { type DemoServer, DOMAIN, PROVIDER, withDemoServer } from './demo-server.js'
import { rounded, type Played } from './played.js'

const TOKEN = 'demo-device-token'
const NUMBER = '+15550100'
const PASSWORD = 'demo'
/** How long the phone needs to wake up, and its user to answer: long enough for the caller to hear that it rings. */
const WAKE_MS = 400
const ANSWER_MS = 600

const SECTIONS = `
trunks: {carrier: {match: [127.0.0.0/8], ringback: early-media, tone: us, trusted: true}}
users: {alice: {name: Alice, password: ${PASSWORD}, numbers: ["${NUMBER}"]}}
`

/** A call to a phone that is asleep. */
export function playWake(startServer: StartServer): Promise<Played> {
  return withDemoServer(startServer, SECTIONS, play)
}

async function play({ sip, push }: DemoServer): Promise<Played> {
  const shared = { domain: DOMAIN, proxy: sip, protocol: 'udp' } as const
  const phone = await Phone.open({
    user: 'alice',
    credentials: { username: 'alice', password: PASSWORD },
    ...shared,
  })
  const caller = await Caller.open({ user: '+15550199', ...shared })
  try {
    const contactParams = { 'pn-provider': PROVIDER, 'pn-prid': TOKEN, 'pn-param': 'app' }
    // The app is installed and was open once; then the phone fell asleep, and its registration ran out.
    phone.onInvite({ answerAfterMs: ANSWER_MS })
    await phone.register({ contactParams })
    await phone.register({ contactParams: {}, expires: 0 })
    await phone.sleep()
    const players = { caller, phone, push, token: TOKEN, uri: `sip:${NUMBER}@${DOMAIN}` }
    const report = await playWakeCall(players, {
      wakeAfterMs: WAKE_MS,
      wakeWith: () => ({ expires: 3600, contactParams }),
    })
    return {
      succeeded: report.result === 'bridged',
      story: story(report, wakeCallLadder(players)),
      summary: summary(report),
    }
  } finally {
    await caller.close()
    await phone.close()
  }
}

function story(report: WakeCallReport, ladder: string): string {
  const { callerReceived, phoneReceived } = report.rtp
  const end =
    report.failure === undefined
      ? `bridged: the caller received ${callerReceived} RTP packets of the phone, the phone ${phoneReceived} of the caller`
      : `failed before "${report.failure.stage}": ${report.failure.reason}`
  return [
    'A call to a phone that is asleep (milliseconds since the INVITE):',
    '',
    ladder.trimEnd(),
    '',
    `while waiting, the caller heard: ${report.callerHeard.waiting}`,
    `while talking, the caller heard: ${report.callerHeard.talking}`,
    end,
    '',
  ].join('\n')
}

/** `ending` where it failed. */
function summary({ result, failure, stages, rtp }: WakeCallReport): object {
  return { result, stages: rounded(stages), rtp, ...(failure === undefined ? {} : { ending: failure }) }
}
