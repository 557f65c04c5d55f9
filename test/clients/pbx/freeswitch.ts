import { mkdir, writeFile } from 'node:fs/promises'
import type { Address } from '../../../src/demo/index.js'
import { Child } from '../child.js'
import { freePorts } from '../free-ports.js'
import { adapted, authority, example, Folder, tiedToUs } from './place.js'

const RTP_PORTS = 40

export interface FreeswitchOptions {
  /** The profile "external", where the gateway is. */
  readonly external: Address
  readonly reveille: Address
  /** Where extensions are rung: a phone of the PBX. */
  readonly phone: Address
}

/** The example in a FreeSWITCH on loopback, in the place of a PBX: dialplan and profiles named as in its own samples. */
export class Freeswitch {
  private constructor(
    /** The profile "internal", where the PBX's own phones call. */
    readonly internal: Address,
    private readonly child: Child,
    private readonly folder: Folder,
  ) {}

  static async start(options: FreeswitchOptions): Promise<Freeswitch> {
    const folder = await Folder.make('freeswitch')
    const internal = { host: '127.0.0.1', port: await freePorts(1) }
    const gateway = await adapted(example('freeswitch', 'sip_profiles/external/reveille.xml'), {
      '10.0.0.20:5060': authority(options.reveille),
    })
    await writeFile(folder.file('gateway.xml'), gateway)
    const config = document(folder, internal, options, await freePorts(RTP_PORTS))
    await writeFile(folder.file('freeswitch.xml'), config)
    const places = ['log', 'db', 'run', 'temp', 'certs', 'storage', 'recordings', 'cache']
    for (const place of places) await mkdir(folder.file(place))
    const args = places.flatMap((place) => [`-${place}`, folder.file(place)])
    const run = ['-c', '-nonat', '-nonatmap', '-np', '-conf', folder.path, ...args]
    // By line, or what it says stays in a buffer of its own.
    const child = new Child('setpriv', [...tiedToUs, 'stdbuf', '-oL', 'freeswitch', ...run], {
      cwd: folder.path,
    })
    const freeswitch = new Freeswitch(internal, child, folder)
    try {
      // It answers before, but takes no calls.
      await child.says(/FreeSWITCH Started/, 45_000)
      return freeswitch
    } catch (error) {
      await freeswitch.close()
      throw error
    }
  }

  get output(): string {
    return this.child.tail(60)
  }

  async close(): Promise<void> {
    await this.child.end()
    await this.folder.remove()
  }
}

/** X-PRE-PROCESS has each line that it stands on for itself. */
function document(folder: Folder, internal: Address, options: FreeswitchOptions, rtpPort: number): string {
  const dialplan = (context: string): string => example('freeswitch', 'dialplan', context, '20_reveille.xml')
  return `<document type="freeswitch/xml">
  <section name="configuration">
    <configuration name="switch.conf"><settings>
      <param name="loglevel" value="info"/>
      <param name="rtp-start-port" value="${rtpPort}"/>
      <param name="rtp-end-port" value="${rtpPort + RTP_PORTS - 1}"/>
    </settings></configuration>
    <configuration name="modules.conf"><modules>
      <load module="mod_console"/><load module="mod_commands"/><load module="mod_dptools"/>
      <load module="mod_dialplan_xml"/><load module="mod_sofia"/>
    </modules></configuration>
    <configuration name="console.conf">
      <mappings><map name="all" value="info,notice,warning,err,crit,alert"/></mappings>
      <settings><param name="colorize" value="false"/><param name="loglevel" value="info"/></settings>
    </configuration>
    <configuration name="sofia.conf"><profiles>
      ${profile('internal', internal, 'default')}
      ${profile('external', options.external, 'public', folder.file('gateway.xml'))}
    </profiles></configuration>
  </section>
  <section name="dialplan">
    <context name="default">
      <X-PRE-PROCESS cmd="include" data="${dialplan('default')}"/>
      <extension name="extensions"><condition field="destination_number" expression="^(7\\d{3})$">
        <action application="bridge" data="sofia/internal/$1@${authority(options.phone)}"/>
      </condition></extension>
    </context>
    <context name="public">
      <X-PRE-PROCESS cmd="include" data="${dialplan('public')}"/>
    </context>
  </section>
</document>`
}

function profile(name: string, { host, port }: Address, context: string, gateways?: string): string {
  const include = gateways === undefined ? '' : `<X-PRE-PROCESS cmd="include" data="${gateways}"/>`
  return `<profile name="${name}">
        <gateways>
          ${include}
        </gateways>
        <settings>
          <param name="sip-ip" value="${host}"/><param name="rtp-ip" value="${host}"/>
          <param name="sip-port" value="${port}"/>
          <param name="context" value="${context}"/><param name="dialplan" value="XML"/>
          <param name="auth-calls" value="false"/><param name="manage-presence" value="false"/>
          <param name="inbound-codec-prefs" value="PCMU,PCMA"/><param name="outbound-codec-prefs" value="PCMU,PCMA"/>
          <param name="inbound-late-negotiation" value="true"/><param name="rtp-timer-name" value="soft"/>
        </settings>
      </profile>`
}
