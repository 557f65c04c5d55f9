import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { arrivals } from './arrivals.js'
import { Calls } from './calls.js'
import { Link } from './link.js'
import type { Side } from './messages.js'
import { type Plan, phoneNumber, type Run, type RunResult } from './plan.js'
import { Phones } from './phones.js'
import { PushServer } from './push-server.js'
import { RtpFlow } from './rtp-flow.js'

/** Later than this nothing is planned more finely: Node's timers count whole milliseconds. */
const TICK_MS = 1

/** Callers, push service and phones of one process of the generator. */
export class Player {
  /** The last run, and before it those whose calls are held. */
  #runs: Calls[] = []
  #count = 0

  private constructor(
    private readonly plan: Plan,
    private readonly callers: Link,
    private readonly device: Link,
    private readonly push: PushServer,
    private readonly phones: Phones,
    private readonly side: Side,
    private readonly rtp: RtpFlow,
    private readonly media: readonly Socket[],
  ) {}

  static async open(plan: Plan): Promise<Player> {
    // What arrives refers to the player, which is there only once all of its sockets are.
    const late: { player?: Player } = {}
    const callers = await Link.open(plan.server, 0, (text) => late.player?.each((calls) => calls.hear(text)))
    const device = await Link.open(plan.server, plan.delayMs, (text) => late.player?.phones.hear(text))
    const push = await PushServer.open(plan.pushPort, (path, body, answer) =>
      late.player?.take(path, body, answer),
    )
    const rtp = new RtpFlow(plan.rtp)
    const media = [await mediaSocket(() => rtp.atCallers++), await mediaSocket(() => rtp.atPhones++)] as const
    rtp.use(...media)
    const at = (link: Link, socket: Socket): Side => ({
      host: '127.0.0.1',
      port: link.port,
      mediaPort: socket.address().port,
      server: `${plan.server.host}:${plan.server.port}`,
      domain: plan.domain,
    })
    const events = {
      registering: (phone: number) =>
        late.player?.each((calls) => calls.mark('registerSent', phone, plan.delayMs)),
      registered: (phone: number) =>
        late.player?.each((calls) => calls.mark('registered', phone, -plan.delayMs)),
      refused: (phone: number, status: number) => late.player?.each((calls) => calls.refused(phone, status)),
      asleep: (phone: number) => late.player?.each((calls) => calls.asleep(phone)),
      invited: (phone: number, request: string) =>
        late.player?.each((calls) => calls.invited(phone, request)),
      answered: (phone: number) =>
        late.player?.each((calls) => calls.mark('deviceAnswered', phone, plan.delayMs)),
      acked: (phone: number) => late.player?.each((calls) => calls.mark('acked', phone, -plan.delayMs)),
    }
    const name = randomBytes(4).toString('hex')
    const phones = new Phones(plan, name, device, at(device, media[1]), events)
    late.player = new Player(plan, callers, device, push, phones, at(callers, media[0]), rtp, media)
    return late.player
  }

  /** Calls of other runs, and other phones, are none of a run's. */
  private each(tell: (calls: Calls) => void): void {
    for (const calls of this.#runs) tell(calls)
  }

  /** Rejects where a phone is refused. */
  makeKnown(): Promise<void> {
    return this.phones.makeKnown()
  }

  /** All calls of a run, each to its end or its deadline. */
  async run(run: Run): Promise<RunResult> {
    const times = arrivals(run.arrivals, run.calls, run.perSecond, run.seed)
    const { plan, callers, phones, rtp, device } = this
    const calls = new Calls(plan, run, callers, this.side, phones, rtp, this.#count++)
    this.#runs = [...this.#runs.filter(({ holds }) => holds), calls]
    const before = process.cpuUsage()
    const resent = callers.resent + device.resent
    rtp.begin()
    const lateMs = await beginAll(times, calls)
    await calls.over
    rtp.end()
    const { user, system } = process.cpuUsage(before)
    return {
      ...calls.result(),
      lateMs,
      cpuSeconds: (user + system) / 1e6,
      resent: callers.resent + device.resent - resent,
      rtp: { sent: rtp.sent, atCallers: rtp.atCallers, atPhones: rtp.atPhones },
    }
  }

  /** Ends the calls that are held; resolves with how many of them got their final response. */
  async cancelHeld(): Promise<number> {
    const ended = await Promise.all(this.#runs.map((calls) => calls.cancelHeld()))
    this.#runs = []
    return ended.reduce((sum, count) => sum + count, 0)
  }

  /** A push: of a call; of an ending it is only answered. */
  private take(path: string, body: string, answer: () => void): void {
    const phone = Number(path.slice(path.lastIndexOf('/') + 1)) - phoneNumber(this.plan.worker, 0)
    const isCall = !body.includes('"kind":"ending"')
    const wakes = isCall && this.#runs.map((calls) => calls.pushed(phone)).includes(true)
    const go = (): void => {
      answer()
      if (!wakes) return
      this.each((calls) => calls.mark('pushAnswered', phone))
      if (this.plan.wakeMs === 0) this.phones.wake(phone, body)
      else setTimeout(() => this.phones.wake(phone, body), this.plan.wakeMs)
    }
    if (this.plan.pushMs === 0) go()
    else setTimeout(go, this.plan.pushMs)
  }

  async close(): Promise<void> {
    this.rtp.end()
    await Promise.all([this.callers.close(), this.device.close(), this.push.close()])
    for (const socket of this.media) socket.close()
  }
}

/** By the clock, whatever becomes of them, unless they are to be held; returns how late the latest was, ms. */
function beginAll(times: Float64Array, calls: Calls): Promise<number> {
  const start = performance.now()
  let next = 0
  let late = 0
  return new Promise((resolve) => {
    const turn = (): void => {
      const now = performance.now() - start
      for (let due = times[next]; due !== undefined && due <= now && calls.mayBegin; due = times[++next]) {
        late = Math.max(late, now - due)
        calls.begin(next)
      }
      if (next >= times.length) resolve(late)
      else setTimeout(turn, TICK_MS)
    }
    turn()
  })
}

async function mediaSocket(count: () => void): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 2 ** 21 })
  socket.on('message', count)
  // Ports of calls that are over answer so.
  socket.on('error', () => undefined)
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}
