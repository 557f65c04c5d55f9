/** The part of WebRTC that the pages use: Node's types know nothing of it. */

export interface DataChannel {
  binaryType: string
  readonly readyState: string
  send(bytes: Uint8Array): void
  addEventListener(type: 'open', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: ArrayBuffer }) => void): void
}

export interface PeerConnection {
  readonly iceGatheringState: string
  readonly localDescription: { readonly sdp: string } | null
  createDataChannel(label: string): DataChannel
  setLocalDescription(): Promise<void>
  setRemoteDescription(description: {
    readonly type: 'offer' | 'answer'
    readonly sdp: string
  }): Promise<void>
  getStats(): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>>
  addEventListener(type: 'icegatheringstatechange', listener: () => void): void
  addEventListener(type: 'datachannel', listener: (event: { readonly channel: DataChannel }) => void): void
}

export function createPeer(): PeerConnection {
  const { RTCPeerConnection } = globalThis as unknown as { RTCPeerConnection: new () => PeerConnection }
  return new RTCPeerConnection()
}
