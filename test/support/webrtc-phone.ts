import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters } from 'werift'
import { RtpReceiver } from '../../src/demo/rtp/receiver.js'
import { RtpSender } from '../../src/demo/rtp/sender.js'

const G711 = { PCMU: 0, PCMA: 8 } as const

export interface WebrtcPhoneOptions {
  /** The tone that it says. */
  readonly hz?: number
  readonly codec?: keyof typeof G711
}

/** Of the stack's own, behind its types. */
interface StunClient {
  stunServer?: unknown
}

/** What a browser does of WebRTC, on a stack that is not ours: ICE, DTLS and SRTP, and G.711 in them. */
export class WebrtcPhone {
  readonly receiver = new RtpReceiver(true)
  private readonly sender: RtpSender
  private readonly track = new MediaStreamTrack({ kind: 'audio' })
  private readonly connection: RTCPeerConnection

  constructor({ hz = 1000, codec = 'PCMU' }: WebrtcPhoneOptions = {}) {
    const payloadType = G711[codec]
    const voice = { mimeType: `audio/${codec}`, clockRate: 8000, channels: 1, payloadType }
    this.connection = new RTCPeerConnection({
      codecs: { audio: [new RTCRtpCodecParameters(voice)] },
      iceServers: [],
      // No address but loopback: a server that is bound there cannot send to any other.
      ...{ iceUseIpv4: false, iceUseIpv6: false },
      ...{ iceAdditionalHostAddresses: ['127.0.0.1'], iceInterfaceAddresses: { udp4: '127.0.0.1' } },
    })
    this.receiver.understand(new Map([[payloadType, { name: codec, clockRate: 8000 }]]))
    this.connection.addTransceiver(this.track, { direction: 'sendrecv' })
    this.stayHere()
    this.connection.onTrack.subscribe((track) => {
      track.onReceiveRtp.subscribe((packet) =>
        this.receiver.receive(packet.serialize(), { host: 'webrtc', port: 9 }),
      )
    })
    // Frames are said from the beginning; before the handshake they go nowhere.
    this.sender = new RtpSender(hz, (bytes) => this.track.writeRtp(bytes))
    this.sender.start({ codec, payloadType, clockRate: 8000, eventType: undefined })
  }

  async offer(): Promise<string> {
    await this.connection.setLocalDescription(await this.connection.createOffer())
    // It begins the handshake itself: as a server it misses what comes before it has ended its search for paths.
    return this.described().replace('a=setup:actpass', 'a=setup:active')
  }

  async accept(sdp: string): Promise<void> {
    await this.connection.setRemoteDescription({ type: 'answer', sdp: completed(sdp) })
  }

  async answer(sdp: string): Promise<string> {
    await this.connection.setRemoteDescription({ type: 'offer', sdp: completed(sdp) })
    this.stayHere()
    await this.connection.setLocalDescription(await this.connection.createAnswer())
    return this.described()
  }

  /** Without this a public STUN server is asked for our address, and waited for. */
  private stayHere(): void {
    for (const { connection } of this.connection.iceTransports) delete (connection as StunClient).stunServer
  }

  private described(): string {
    const { localDescription } = this.connection
    if (localDescription === undefined) throw new Error('the phone has no description')
    return localDescription.sdp
  }

  async close(): Promise<void> {
    this.sender.stop()
    this.receiver.close()
    await this.connection.close()
  }
}

/** With what a browser takes as read and the stack does not: a name of the section, and that both sides may speak. */
function completed(sdp: string): string {
  const named = sdp.includes('a=mid:') ? '' : 'a=mid:0\r\n'
  const directed = /^a=(sendrecv|sendonly|recvonly|inactive)\r$/m.test(sdp) ? '' : 'a=sendrecv\r\n'
  return `${sdp.trimEnd()}\r\n${named}${directed}`
}
