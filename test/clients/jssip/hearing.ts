/** So much of a browser's RTCPeerConnection as is looked at here: Node has no types for it. */
export interface Hearable {
  readonly connectionState: string
  getReceivers(): readonly { readonly track: unknown }[]
  getStats?(): Promise<ReadonlyMap<string, unknown>>
}

/** Some 50 packets of 20 ms. */
const PACKETS = 50
/** Of a full-scale sound in a second it would be 1; silence has none. */
const ENERGY = 0.005
const LOOK_MS = 50

/** Calls `heard` once a second of sound that is not silence has come in and was decoded. Ends with the connection. */
export function hearingOf(connection: Hearable, heard: () => void): void {
  if (connection.getStats === undefined) return
  // What nobody listens to is not decoded.
  const { Audio, MediaStream } = globalThis as unknown as Listening
  const listener = new Audio()
  listener.srcObject = new MediaStream(connection.getReceivers().map(({ track }) => track))
  void listener.play()
  const look = async (): Promise<void> => {
    const stats = [...((await connection.getStats?.()) ?? new Map<string, unknown>()).values()] as Inbound[]
    const audio = stats.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio')
    if ((audio?.packetsReceived ?? 0) >= PACKETS && (audio?.totalAudioEnergy ?? 0) >= ENERGY) return heard()
    if (connection.connectionState !== 'closed') setTimeout(() => void look(), LOOK_MS)
  }
  void look()
}

interface Listening {
  readonly Audio: new () => { srcObject: unknown; play(): Promise<void> }
  readonly MediaStream: new (tracks: readonly unknown[]) => unknown
}

interface Inbound {
  readonly type?: string
  readonly kind?: string
  readonly packetsReceived?: number
  readonly totalAudioEnergy?: number
}
