import { Caller, header, type IncomingCall } from '../../../src/demo/index.js'
import { CellNetwork, type CellNetworkOptions } from '../../../src/demo/carrier/index.js'

export const ann = { number: '+12025550177', name: 'Ann' }
export const subscriber = '+12025550142'
export const did = '+12025550199'

/** A network whose trunk leads to somebody who takes calls at the DID, with no server between them. */
export interface World {
  readonly network: CellNetwork
  readonly atDid: Caller
  close(): Promise<void>
}

export async function openWorld(options: Partial<CellNetworkOptions> = {}): Promise<World> {
  const atDid = await Caller.open({ user: 'did', protocol: 'udp', proxy: { host: '127.0.0.1', port: 9 } })
  atDid.onInvite({ answerAfterMs: 0 })
  const network = await CellNetwork.open({ proxy: atDid.peer.local, didDomain: 'example.net', ...options })
  atDid.proxy = network.trunk.peer.local
  const close = async (): Promise<void> => {
    await network.close()
    await atDid.close()
  }
  return { network, atDid, close }
}

/** Without the tag. */
export function from({ invite }: IncomingCall): string {
  return (header(invite, 'From') ?? '').replace(/;tag=.*$/, '')
}
