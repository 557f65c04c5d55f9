import { conversion } from './g711.js'
import type { AgreedCodec, Agreement } from './sdp/agreement.js'
import {
  isTelephoneEvent,
  lawOf,
  relation,
  sameCodec,
  type Codec,
  type Law,
  type NumberedCodec,
} from './sdp/codecs.js'

/** What a received payload type means, and where it goes once joined. */
export interface Inbound {
  codec: Codec
  event: boolean
  law: Law | undefined
  route: Route | undefined
}

/** How a packet of one kind leaves on the other side. */
export interface Route {
  payloadType: number
  clockRate: number
  /** From one law to the other, byte by byte. */
  convert: Uint8Array | undefined
  /** For events between clock rates: what their durations are multiplied by. */
  durationFactor: number
}

/** Indexed by payload type. */
export type InboundTable = readonly (Inbound | undefined)[]

/** What may come in: all that is agreed, and all that an offer on its way promises (RFC 3264 §5.1). */
export function inboundTable(
  agreement: Agreement | undefined,
  offered: readonly NumberedCodec[],
): InboundTable {
  const table = new Array<Inbound | undefined>(128).fill(undefined)
  const enter = (number: number, codec: Codec) => {
    table[number] ??= { codec, event: isTelephoneEvent(codec), law: lawOf(codec), route: undefined }
  }
  for (const { codec, receive } of agreed(agreement)) if (receive[0] !== undefined) enter(receive[0], codec)
  for (const codec of offered) enter(codec.payloadType, codec)
  for (const { codec, receive } of agreed(agreement)) for (const number of receive) enter(number, codec)
  return table
}

function agreed(agreement: Agreement | undefined): AgreedCodec[] {
  return agreement ? [...agreement.audio, ...agreement.events] : []
}

/** Sets where each kind of packet goes; nowhere without `to`. */
export function connect(table: InboundTable, to: Agreement | undefined): void {
  for (const inbound of table) if (inbound) inbound.route = to && routeTo(inbound, to)
}

function routeTo(inbound: Inbound, to: Agreement): Route | undefined {
  return inbound.event ? eventRoute(inbound.codec, to) : voiceRoute(inbound, to)
}

function voiceRoute({ codec, law }: Inbound, to: Agreement): Route | undefined {
  const same = to.audio.find((each) => sameCodec(each.codec, codec))
  const target = same ?? to.audio.find((each) => relation(codec, each.codec))
  if (!target) return undefined
  const targetLaw = lawOf(target.codec)
  const convert = law && targetLaw ? conversion(law, targetLaw) : undefined
  return { payloadType: target.send, clockRate: target.codec.clockRate, convert, durationFactor: 1 }
}

function eventRoute(codec: Codec, to: Agreement): Route | undefined {
  const target = to.events.find((each) => each.codec.clockRate === codec.clockRate) ?? to.events[0]
  const voice = to.audio[0]
  if (!target || !voice) return undefined
  return {
    payloadType: target.send,
    // Events share the stream, and with it the clock, of the voice (RFC 4733 §2.1).
    clockRate: voice.codec.clockRate,
    convert: undefined,
    durationFactor: target.codec.clockRate / codec.clockRate,
  }
}

/** Whether what each side mainly sends can be passed to the other. */
export function joinable(a: Agreement, b: Agreement): boolean {
  const [fromA] = a.audio
  const [fromB] = b.audio
  if (!fromA || !fromB) return false
  return (
    b.audio.some(({ codec }) => relation(fromA.codec, codec)) &&
    a.audio.some(({ codec }) => relation(fromB.codec, codec))
  )
}
