import type { Socket } from 'node:net'
import type { SipMessage, SipRequest } from '../message/message.js'
import type { Settings } from '../options.js'
import type { Timer, TimerSet } from '../timer-set.js'
import type { Flow } from '../transport/transport.js'
import type { App, Source } from './app.js'
import { parseCommand, type Command } from './command.js'
import { encodeFrame, FrameDecoder } from './frames.js'
import {
  cdrFrame,
  messageFrame,
  newRequestFrame,
  notOkFrame,
  refusedFrame,
  unsolicitedFrame,
} from './wire.js'

export interface AppEvents {
  command(command: Command): void
  closed(): void
}

export interface AppConnectionDeps {
  readonly settings: Settings
  readonly timers: TimerSet
  readonly fault: (where: string, error: unknown) => void
}

/** The connection of one app: what the app is told goes out in frames. */
export class AppConnection implements App {
  private readonly decoder = new FrameDecoder()
  private readonly deadline: Timer
  private readonly over: Promise<void>
  private ended = false
  private trusted = false

  constructor(
    private readonly socket: Socket,
    private readonly deps: AppConnectionDeps,
    private readonly events: AppEvents,
  ) {
    // Without it every exchange waits for a delayed acknowledgement, and throughput falls tenfold.
    socket.setNoDelay(true)
    socket.setKeepAlive(true, 60_000)
    this.deadline = deps.timers.start(deps.settings.limits.authenticate, () => void this.end())
    socket.on('data', (chunk: Buffer) => this.received(chunk))
    // A reset is followed by `close`, where everything is cleaned up.
    socket.on('error', (error) => deps.fault('app connection', error))
    this.over = new Promise((resolve) => {
      socket.once('close', () => {
        this.closed()
        resolve()
      })
    })
  }

  get connected(): boolean {
    return !this.ended && !this.socket.destroyed
  }

  get authenticated(): boolean {
    return this.trusted
  }

  accept(): void {
    this.trusted = true
    this.deadline.stop()
  }

  request(id: string, request: SipRequest, flow: Flow): void {
    if (this.connected) this.send(newRequestFrame(id, request, flow))
  }

  dialogRequest(id: string, dialogId: string, request: SipRequest, flow: Flow): void {
    if (this.connected) this.send(messageFrame(id, dialogId, request, flow))
  }

  /** The wire protocol knows a CANCEL by its method. */
  cancelled(id: string, dialogId: string, cancel: SipRequest, flow: Flow): void {
    if (this.connected) this.send(messageFrame(id, dialogId, cancel, flow))
  }

  dialogEnded(dialogId: string, bye: SipRequest, flow: Flow): void {
    if (this.connected) this.send(unsolicitedFrame(dialogId, bye, flow))
  }

  record(record: string, source: Source, extra: string | undefined, message: SipMessage): void {
    if (this.connected) this.send(cdrFrame(record, source, extra, message))
  }

  send(frame: string): void {
    if (!this.connected) return
    this.socket.write(encodeFrame(frame))
    if (this.socket.writableLength > this.deps.settings.limits.appBacklog) {
      this.deps.fault('app connection', new Error('the app does not read; its connection is closed'))
      void this.end()
    }
  }

  /** Says why, and hangs up. */
  refuse(requestId: string, reason: string): void {
    this.send(refusedFrame(requestId, reason))
    this.ended = true
    this.socket.destroySoon()
  }

  /** Hangs up. Resolves when the end has been made known. */
  end(): Promise<void> {
    this.ended = true
    this.socket.destroy()
    return this.over
  }

  private received(chunk: Buffer): void {
    try {
      for (const frame of this.decoder.push(chunk)) {
        if (this.ended) return
        this.execute(frame)
      }
    } catch (error) {
      this.deps.fault('app frame', error)
      void this.end()
    }
  }

  /** One bad command must not cost the app its connection, nor the frames behind it. */
  private execute(frame: string): void {
    const command = parseCommand(frame)
    try {
      this.events.command(command)
    } catch (error) {
      this.deps.fault('app command', error)
      this.send(notOkFrame(command.id, 'Server error: see the fault log'))
    }
  }

  private closed(): void {
    this.ended = true
    this.deadline.stop()
    try {
      this.events.closed()
    } catch (error) {
      this.deps.fault('app close', error)
    }
  }
}
