/** One side of a peer-to-peer connection, in a browser: it knows the server by its channel alone. */
import { Channel, type ServerMessage } from '../../../examples/client-typescript/index.js'
import { createPeer, type DataChannel, type PeerConnection } from './webrtc.js'

/** What came over the data channel, and which way the connection took. */
export interface Exchanged {
  readonly received: number
  /** Sum of the bytes, to see that they are those that were sent. */
  readonly sum: number
  /** Ports: those of this side's ICE candidates, and that of the other end of the connection in use. */
  readonly path: { readonly own: readonly number[]; readonly remote: number }
}

export interface PeerPage {
  /** Invites the user's devices, connects to the first that accepts, and exchanges `bytes` with it. */
  initiate(
    url: string,
    token: string,
    user: string,
    bytes: number,
  ): Promise<Exchanged & { readonly device: string }>
  /** Accepts what a push has brought, and exchanges `bytes` with the initiator. */
  accept(url: string, token: string, push: Push, bytes: number): Promise<Exchanged>
}

export interface Push {
  readonly invitation: string
  readonly token: string
  readonly connection: { readonly offer: string }
}

/** A channel, and the next message of a type. */
async function openChannel(url: string, token: string) {
  const waiting = new Map<string, (message: ServerMessage) => void>()
  const come: ServerMessage[] = []
  let opened = (): void => undefined
  const open = new Promise<void>((resolve) => (opened = resolve))
  const channel = new Channel({
    ...{ url, token: () => token },
    open: (address) => new WebSocket(address),
    onState: (state) => state === 'open' && opened(),
    onMessage: (message) => {
      come.push(message)
      waiting.get(message.type)?.(message)
    },
  })
  await open
  const next = <T extends ServerMessage['type']>(type: T) =>
    new Promise<Extract<ServerMessage, { type: T }>>((resolve) => {
      const found = come.find((message) => message.type === type)
      const give = (message: ServerMessage): void => resolve(message as Extract<ServerMessage, { type: T }>)
      if (found === undefined) waiting.set(type, give)
      else give(found)
    })
  return { channel, next }
}

/** The whole description: a push cannot be followed by candidates. */
async function gathered(peer: PeerConnection): Promise<string> {
  await new Promise<void>((resolve) => {
    if (peer.iceGatheringState === 'complete') resolve()
    peer.addEventListener('icegatheringstatechange', () => peer.iceGatheringState === 'complete' && resolve())
  })
  return peer.localDescription?.sdp ?? ''
}

/** Sends so many bytes and takes as many. To be called as soon as there is a channel: its messages do not wait. */
async function exchange(peer: PeerConnection, data: DataChannel, bytes: number): Promise<Exchanged> {
  data.binaryType = 'arraybuffer'
  let received = 0
  let sum = 0
  const all = new Promise<void>((resolve) => {
    data.addEventListener('message', ({ data: chunk }) => {
      received += chunk.byteLength
      for (const byte of new Uint8Array(chunk)) sum += byte
      if (received >= bytes) resolve()
    })
  })
  if (data.readyState !== 'open') {
    await new Promise<void>((resolve) => data.addEventListener('open', () => resolve()))
  }
  for (let sent = 0; sent < bytes; sent += 16_384) {
    data.send(new Uint8Array(Math.min(16_384, bytes - sent)).fill(7))
  }
  await all
  return { received, sum, path: await pathOf(peer) }
}

async function pathOf(peer: PeerConnection): Promise<Exchanged['path']> {
  const stats = [...(await peer.getStats()).values()]
  const byId = (id: unknown) => stats.find((each) => each['id'] === id)
  const transport = stats.find(({ type }) => type === 'transport')
  const pair = byId(transport?.['selectedCandidatePairId'])
  const own = stats.filter(({ type }) => type === 'local-candidate')
  return {
    own: own.map((candidate) => Number(candidate['port'])),
    remote: Number(byId(pair?.['remoteCandidateId'])?.['port']),
  }
}

/** Keeps the connection until the other side has read everything. */
const kept: unknown[] = []

const page: PeerPage = {
  async initiate(url, token, user, bytes) {
    const peer = createPeer()
    const data = peer.createDataChannel('bytes')
    await peer.setLocalDescription()
    const { channel, next } = await openChannel(url, token)
    kept.push(peer, channel)
    const connection = { offer: await gathered(peer) }
    const { invitation } = await channel.request({ type: 'invite', endpoints: [{ user }], connection })
    const { device, connection: answered } = await next('invitation-accepted')
    const { answer } = answered as { answer: string }
    await channel.request({ type: 'invitation-connect', invitation: invitation?.id ?? '', devices: [device] })
    await peer.setRemoteDescription({ type: 'answer', sdp: answer })
    return { device, ...(await exchange(peer, data, bytes)) }
  },

  async accept(url, token, { invitation, token: invitationToken, connection }, bytes) {
    const peer = createPeer()
    const exchanged = new Promise<Exchanged>((resolve, reject) => {
      peer.addEventListener('datachannel', ({ channel }) => {
        exchange(peer, channel, bytes).then(resolve, reject)
      })
    })
    await peer.setRemoteDescription({ type: 'offer', sdp: connection.offer })
    await peer.setLocalDescription()
    const { channel, next } = await openChannel(url, token)
    kept.push(peer, channel)
    await channel.request({
      ...{ type: 'invitation-accept', invitation, token: invitationToken },
      connection: { answer: await gathered(peer) },
    })
    await next('invitation-connected')
    return exchanged
  },
}

Object.assign(globalThis, { peerPage: page })
