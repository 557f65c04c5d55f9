import { afterEach, describe, expect, it } from 'vitest'
import {
  Caller,
  Phone,
  playWakeCall,
  PushService,
  wakeCallLadder,
  type PhoneOptions,
} from '../../src/demo/index.js'
import { WakingServer, type WakingServerOptions } from '../support/sip/waking-server.js'
import type { WakeCallPlayers } from '../../src/demo/wake-call.js'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

interface Stage extends WakeCallPlayers {
  readonly caller: Caller
  readonly server: WakingServer
}

/** A server, a caller, and a phone that registered its token and sleeps. */
async function setUp(
  options: Partial<WakingServerOptions> = {},
  phoneOptions: Partial<PhoneOptions> = {},
): Promise<Stage> {
  const protocol = options.protocol ?? 'udp'
  const timers = { t1: 40 }
  const push = await PushService.open()
  const server = await WakingServer.open({ protocol, pushUrl: push.url, ...options })
  const proxy = server.address
  const caller = await Caller.open({ user: 'trunk', protocol, proxy, timers, media: { hz: 800 } })
  const phone = new Phone({ user: 'bob', domain: '127.0.0.1', protocol, proxy, timers, ...phoneOptions })
  open.push(push, server, caller, phone)
  phone.onInvite({ answerAfterMs: 20 })
  const response = await phone.register({
    contactParams: { 'pn-provider': 'acme', 'pn-prid': 'tok', 'pn-param': 'x' },
  })
  expect(response.status).toBe(phoneOptions.credentials?.password === 'wrong' ? 401 : 200)
  await phone.sleep()
  return { caller, phone, push, server, token: 'tok', uri: 'sip:bob@127.0.0.1' }
}

describe.each(['udp', 'tcp'] as const)('a wake call over %s', (protocol) => {
  it('goes through every stage and leaves nothing up', async () => {
    const players = await setUp({ protocol })
    const report = await playWakeCall(players, { packets: 20 })
    expect(report).toMatchObject({ result: 'bridged' })
    const times = Object.values(report.stages)
    expect(times).toHaveLength(7)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(report.rtp.callerReceived).toBeGreaterThanOrEqual(20)
    expect(report.rtp.phoneReceived).toBeGreaterThanOrEqual(20)
    expect(report.callerHeard.talking).toContain('1000 Hz')
    expect(players.server.liveCalls).toBe(0)
    expect(players.server.faults).toEqual([])
    const ladder = wakeCallLadder(players, 'server')
    expect(ladder.match(/INVITE SDP|push \(call\)|REGISTER|200 OK \(INVITE\) SDP|BYE/g)?.slice(0, 4)).toEqual(
      ['INVITE SDP', 'push (call)', 'push (call)', 'REGISTER'],
    )
  })
})

describe('a wake call', () => {
  it('tells in words what the caller heard while it waited', async () => {
    const players = await setUp({ ringback: { earlyMedia: true, media: { hz: 425 } } })
    const report = await playWakeCall(players, { packets: 20, wakeAfterMs: 700, endedBy: 'phone' })
    expect(report.result).toBe('bridged')
    expect(report.callerHeard.waiting).toContain('425 Hz')
    expect(report.callerHeard.waiting).not.toContain('1000 Hz')
    expect(report.callerHeard.talking).toContain('1000 Hz')
  })

  it('names the stage that it did not reach, and the status', async () => {
    const players = await setUp()
    players.push.answerWith({ status: 410 })
    const report = await playWakeCall(players)
    expect(report).toMatchObject({ result: 'failed', failure: { stage: 'pushed', status: 480 }, stages: {} })
    expect(players.caller.calls).toEqual([])
  })

  it('fails at a phone that declines', async () => {
    const players = await setUp()
    players.phone.onInvite({ decline: { status: 603 } })
    const report = await playWakeCall(players)
    expect(report).toMatchObject({ result: 'failed', failure: { status: 603 } })
  })

  it.each(['MD5', 'SHA-256'] as const)('registers with a password by %s', async (algorithm) => {
    const credentials = { username: 'bob', password: 'secret' }
    const players = await setUp({ password: 'secret', algorithm }, { credentials })
    expect((await playWakeCall(players, { packets: 2 })).result).toBe('bridged')
  })

  it('stops asking when the password is wrong', async () => {
    const credentials = { username: 'bob', password: 'wrong' }
    const { phone } = await setUp({ password: 'secret' }, { credentials })
    const registers = phone.log.entries.filter((e) => e.direction === 'sent')
    expect(registers).toHaveLength(2)
  })
})
