import JsSIP from 'jssip'
import { startPhone, type PhoneCommands } from './driver.js'
import { NodeSocket } from './node-socket.js'
import { JssipPhone, type OpenPhone } from './phone.js'

/** What Chromium offers for a call with a microphone, but for its candidates. */
const OFFER = [
  'v=0',
  'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0',
  'a=msid-semantic: WMS',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 126',
  'c=IN IP4 0.0.0.0',
  'a=rtcp:9 IN IP4 0.0.0.0',
  'a=ice-ufrag:Gq4T',
  'a=ice-pwd:HhVvQCOmPnWLAe/uRgwtPrnR',
  'a=fingerprint:sha-256 ' + 'AB:'.repeat(31) + 'AB',
  'a=setup:actpass',
  'a=mid:0',
  'a=sendrecv',
  'a=rtcp-mux',
  'a=rtpmap:111 opus/48000/2',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:126 telephone-event/8000',
  '',
].join('\r\n')

/** So much of a browser's WebRTC that JsSIP offers a call, and takes no answer to it. */
class OfferingConnection {
  readonly iceGatheringState = 'complete'
  readonly iceConnectionState = 'new'
  signalingState = 'stable'
  localDescription: { type: string; sdp: string } | undefined

  addEventListener(): void {
    // Nothing ever happens here.
  }

  createOffer(): Promise<{ type: string; sdp: string }> {
    return Promise.resolve({ type: 'offer', sdp: OFFER })
  }

  setLocalDescription(description: { type: string; sdp: string }): Promise<void> {
    this.localDescription = description
    return Promise.resolve()
  }

  setRemoteDescription(): Promise<void> {
    return Promise.reject(new Error('no media here'))
  }

  getSenders(): [] {
    return []
  }

  close(): void {
    this.signalingState = 'closed'
  }
}

/** Gives JsSIP the globals of a browser that it asks for; returns how to take them away, for others ask as well. */
function pretendBrowser(): () => void {
  const globals = globalThis as unknown as Record<string, unknown>
  globals['window'] = { RTCPeerConnection: OfferingConnection }
  globals['RTCPeerConnection'] = OfferingConnection
  globals['RTCSessionDescription'] = class {
    constructor(init: object) {
      Object.assign(this, init)
    }
  }
  return () => {
    for (const name of ['window', 'RTCPeerConnection', 'RTCSessionDescription']) {
      Reflect.deleteProperty(globals, name)
    }
  }
}

/** JsSIP in this process, one phone at a time. */
export const openInNode: OpenPhone = (protocol, server, account) => {
  const socket = new NodeSocket(protocol, server)
  const restore = pretendBrowser()
  const phone: JssipPhone = new JssipPhone(
    (command, argument) => Promise.resolve(commands[command](argument)),
    () => Promise.resolve(restore()),
  )
  const commands: PhoneCommands = startPhone(JsSIP, socket, { ...account, audio: false }, (event) =>
    phone.tell(event),
  )
  return Promise.resolve(phone)
}
