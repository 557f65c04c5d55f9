import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Config, parseConfig } from '../config/index.js'
import {
  Caller,
  Phone,
  playWakeCall,
  PushService,
  wakeCallLadder,
  type WakeCallReport,
} from '../demo/index.js'
import { createLog } from '../observe/log.js'
import { command, type Command, EXIT, type Io } from './command.js'
import type { RunningServer, StartServer } from './start.js'

const TOKEN = 'demo-device-token'
const NUMBER = '+15550100'
const PASSWORD = 'demo'
/** How long the phone needs to wake up, and its user to answer: long enough for the caller to hear that it rings. */
const WAKE_MS = 400
const ANSWER_MS = 600

/** Starts a server of its own on free ports, and plays one real call through it. */
export function demoCommand(startServer: StartServer): Command {
  return command({
    name: 'demo',
    summary: 'wake a sleeping phone with one real call, and show how it went',
    usage: 'reveille demo [--json]',
    options: { json: { type: 'boolean', describe: 'one JSON object instead of the ladder' } },
    async run({ json }, io) {
      const report = await play(startServer, json ? undefined : io)
      if (json) io.stdout.write(`${JSON.stringify(summary(report))}\n`)
      return report.result === 'bridged' ? EXIT.ok : EXIT.failed
    },
  })
}

async function play(startServer: StartServer, io: Io | undefined): Promise<WakeCallReport> {
  const directory = await mkdtemp(join(tmpdir(), 'reveille-demo-'))
  const push = await PushService.open()
  const log = createLog({ level: 'warn', pretty: true, destination: process.stderr })
  const config = demoConfig(directory, push)
  const server = await startServer(
    { current: () => config, reload: unchanged, subscribe: () => unsubscribe },
    log,
  )
  try {
    return await playOn(server, push, io)
  } finally {
    await server.drain()
    await server.close()
    await push.close()
    await rm(directory, { recursive: true, force: true })
  }
}

async function playOn(server: RunningServer, push: PushService, io: Io | undefined): Promise<WakeCallReport> {
  const [point] = server.sip
  if (point === undefined) throw new Error('the demo server listens nowhere')
  const proxy = { host: point.host, port: point.port }
  const shared = { domain: 'example.net', proxy, protocol: 'udp' } as const
  const phone = await Phone.open({
    user: 'alice',
    credentials: { username: 'alice', password: PASSWORD },
    ...shared,
  })
  const caller = await Caller.open({ user: '+15550199', ...shared })
  try {
    // The app is installed and was open once; then the phone fell asleep, and its registration ran out.
    phone.onInvite({ answerAfterMs: ANSWER_MS })
    await phone.register({ contactParams: { 'pn-provider': 'demo', 'pn-prid': TOKEN, 'pn-param': 'app' } })
    await phone.register({ contactParams: {}, expires: 0 })
    await phone.sleep()
    const players = { caller, phone, push, token: TOKEN, uri: `sip:${NUMBER}@example.net` }
    const report = await playWakeCall(players, {
      wakeAfterMs: WAKE_MS,
      wakeWith: () => ({
        expires: 3600,
        contactParams: { 'pn-provider': 'demo', 'pn-prid': TOKEN, 'pn-param': 'app' },
      }),
    })
    if (io !== undefined) io.stdout.write(story(report, wakeCallLadder(players)))
    return report
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

/** Stages in whole microseconds' worth of milliseconds; `ending` where it failed. */
function summary({ result, failure, stages, rtp }: WakeCallReport): object {
  const rounded = Object.fromEntries(
    Object.entries(stages).map(([stage, ms]) => [stage, Math.round(ms * 1000) / 1000]),
  )
  return { result, stages: rounded, rtp, ...(failure === undefined ? {} : { ending: failure }) }
}

function demoConfig(directory: string, push: PushService): Config {
  const text = `
sip:
  domain: example.net
  listen: [{protocol: udp, port: 0}, {protocol: tcp, port: 0}]
database: {engine: pglite, path: ${JSON.stringify(join(directory, 'data'))}}
push: {demo: {adapter: webhook, url: ${JSON.stringify(push.url)}}}
http: {port: 0}
trunks: {carrier: {match: [127.0.0.0/8], ringback: early-media, tone: us, trusted: true}}
users: {alice: {name: Alice, password: ${PASSWORD}, numbers: ["${NUMBER}"]}}
`
  return parseConfig(text, 'demo.yaml', {})
}

const unchanged = (): { ok: true; applied: []; needRestart: [] } => ({
  ok: true,
  applied: [],
  needRestart: [],
})
const unsubscribe = (): void => undefined
