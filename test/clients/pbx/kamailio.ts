import { writeFile } from 'node:fs/promises'
import type { Address } from '../../../src/demo/index.js'
import { Child } from '../child.js'
import { authority, example, Folder, tiedToUs } from './place.js'

export interface KamailioOptions {
  readonly address: Address
  /** The nodes of the dispatcher, in the order of its list. */
  readonly nodes: readonly Address[]
  /** Where numbers go that are no mobile user's. */
  readonly pbx: Address
}

/** The example, run by Kamailio on loopback. */
export class Kamailio {
  private constructor(
    private readonly child: Child,
    private readonly folder: Folder,
  ) {}

  static async start({ address, nodes, pbx }: KamailioOptions): Promise<Kamailio> {
    const folder = await Folder.make('kamailio')
    const list = folder.file('dispatcher.list')
    await writeFile(list, nodes.map((node) => `1 sip:${authority(node)} 0 0\n`).join(''))
    const defines = [
      `LISTEN=udp:${authority(address)}`,
      `NODES="${list}"`,
      `PBX="sip:${authority(pbx)}"`,
    ].flatMap((define) => ['-A', define])
    const run = ['-DD', '-E', '-m', '32', '-M', '8', '-Y', folder.path, '-w', folder.path]
    const config = ['-f', example('kamailio', 'kamailio.cfg')]
    const kamailio = new Kamailio(
      new Child('setpriv', [...tiedToUs, 'kamailio', ...config, ...run, ...defines], { cwd: folder.path }),
      folder,
    )
    try {
      // Its socket is bound soon after; what comes too early is sent again (RFC 3261 §17.1.1.2).
      await kamailio.child.says(/Listening on/)
      return kamailio
    } catch (error) {
      await kamailio.close()
      throw error
    }
  }

  get output(): string {
    return this.child.output
  }

  async close(): Promise<void> {
    await this.child.end()
    await this.folder.remove()
  }
}
