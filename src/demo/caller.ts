import { SipPeer, type SipPeerOptions } from './sip/peer.js'
import { UserAgent, type UserAgentOptions } from './user-agent.js'

export type CallerOptions = Omit<UserAgentOptions, 'domain'> &
  Omit<SipPeerOptions, 'name'> & { readonly domain?: string | undefined }

/** A trunk: calls in from a socket that listens, and takes any call that is sent to it. */
export class Caller extends UserAgent {
  private constructor(options: UserAgentOptions, peer: SipPeer) {
    super(options)
    this.attach(peer, '*')
  }

  /** Rejects where the port is taken. */
  static async open(options: CallerOptions): Promise<Caller> {
    const peer = await SipPeer.open({ ...options, name: options.user })
    return new Caller({ ...options, domain: options.domain ?? peer.local.host }, peer)
  }

  /** Calls that are up die without a word. */
  async close(): Promise<void> {
    if (!this.awake) return
    const { peer } = this
    await this.drop()
    this.closeInbox()
    await peer.close()
    peer.log.close()
  }
}
