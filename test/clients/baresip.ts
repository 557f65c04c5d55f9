import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { audibleTones } from '../../src/demo/rtp/goertzel.js'
import { BaresipControl, type BaresipEvent } from './baresip-control.js'
import { Child } from './child.js'
import { freePorts } from './free-ports.js'
import { wavSamples } from './wav.js'

export interface BaresipOptions {
  readonly server: { readonly host: string; readonly port: number }
  readonly protocol: 'udp' | 'tcp'
  /** Whose password is `secret`. */
  readonly user: string
  /** The tone that it sends, in Hz. */
  readonly hz: number
  /** Takes each call by itself. */
  readonly autoAnswer?: boolean
}

const moduleFolders = [
  '/usr/lib/baresip/modules',
  '/usr/lib/x86_64-linux-gnu/baresip/modules',
  '/usr/lib/aarch64-linux-gnu/baresip/modules',
  '/usr/local/lib/baresip/modules',
]

/** The softphone, without a sound card: a sine for its microphone, what it hears goes into a file. */
export class Baresip {
  private constructor(
    private readonly child: Child,
    private readonly control: BaresipControl,
    private readonly folder: string,
  ) {}

  /** Resolves when it is registered. */
  static async start(options: BaresipOptions): Promise<Baresip> {
    const folder = await mkdtemp(join(tmpdir(), 'reveille-baresip-'))
    const controlPort = await freePorts()
    await writeFile(join(folder, 'config'), config(folder, controlPort, await freePorts(20), options.hz))
    await writeFile(join(folder, 'accounts'), account(options))
    await writeFile(join(folder, 'contacts'), '')
    const child = new Child('baresip', ['-f', folder, '-v', '-s'], { cwd: folder })
    try {
      await child.says(/ctrl_tcp: TCP socket listening/)
      const control = await BaresipControl.connect(controlPort)
      await child.says(/ 200 OK .*\[1 binding\]/)
      return new Baresip(child, control, folder)
    } catch (error) {
      await child.end()
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  event(type: string): Promise<BaresipEvent> {
    return this.control.event(type)
  }

  command(command: string, params?: string): Promise<void> {
    return this.control.command(command, params)
  }

  /** When this stands in its output, in which all SIP messages are. */
  async saw(pattern: RegExp): Promise<void> {
    await this.child.says(pattern)
  }

  /** After the first call: RTP packets that it counted, and the tones of what it recorded, 200 ms each. */
  async firstCall(): Promise<{ sent: number; received: number; heard: readonly (readonly number[])[] }> {
    // Its last word on a call, when the recording is closed.
    const [, sent, received] = await this.child.says(/packets:\s+(\d+)\s+(\d+)/)
    const name = (await readdir(this.folder)).find((one) => one.endsWith('-dec.wav'))
    if (name === undefined) throw new Error(`baresip recorded nothing:\n${this.child.tail()}`)
    const samples = wavSamples(await readFile(join(this.folder, name)))
    return {
      sent: Number(sent),
      received: Number(received),
      heard: windowsOf(samples).map((w) => audibleTones(w)),
    }
  }

  async close(): Promise<void> {
    this.control.close()
    await this.child.end()
    await rm(this.folder, { recursive: true, force: true })
  }
}

function windowsOf(samples: Int16Array): Int16Array[] {
  const length = 1600
  return Array.from({ length: Math.floor(samples.length / length) }, (_, n) =>
    samples.subarray(n * length, (n + 1) * length),
  )
}

function config(folder: string, controlPort: number, rtpPort: number, hz: number): string {
  const modules = moduleFolders.find((one) => existsSync(one))
  if (modules === undefined) throw new Error(`baresip's modules are in none of ${moduleFolders.join(', ')}`)
  return [
    'sip_listen 127.0.0.1:0',
    // An address for the name of an interface: baresip passes loopback over by its name.
    'net_interface 127.0.0.1',
    `audio_source ausine,${hz}`,
    // Nobody is at the other end of the bridge; what is played there ends.
    'audio_player aubridge,nobody',
    // The one format that ausine makes.
    'ausrc_srate 48000',
    'ausrc_channels 2',
    `rtp_ports ${rtpPort}-${rtpPort + 19}`,
    'rtp_stats yes',
    `module_path ${modules}`,
    ...['g711', 'ausine', 'aubridge', 'sndfile'].map((name) => `module ${name}.so`),
    ...['account', 'menu', 'ctrl_tcp'].map((name) => `module_app ${name}.so`),
    `snd_path ${folder}`,
    `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
    '',
  ].join('\n')
}

function account({ user, server, protocol, autoAnswer = false }: BaresipOptions): string {
  const params = [
    `auth_user=${user}`,
    'auth_pass=secret',
    `outbound="sip:${server.host}:${server.port};transport=${protocol}"`,
    'regint=300',
    `answermode=${autoAnswer ? 'auto' : 'manual'}`,
    'audio_codecs=PCMU/8000/1,PCMA/8000/1',
  ]
  return `<sip:${user}@example.net;transport=${protocol}>;${params.join(';')}\n`
}
