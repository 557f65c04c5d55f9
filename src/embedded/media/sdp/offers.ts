import type { CodecChoice } from '../types.js'
import type { Agreement } from './agreement.js'
import {
  isTelephoneEvent,
  isVoice,
  lawOf,
  PCMA,
  PCMU,
  resolveChoice,
  sameCodec,
  type Codec,
  type NumberedCodec,
} from './codecs.js'

/** A codec for an offer, with the number that it should have where that is free. */
export type Wish = Codec & { payloadType?: number }

/** The keypad (RFC 4733 §3.2). */
const EVENTS = '0-15'

/** G.711 of both laws, and the keypad: what any phone speaks and what can be played and transcoded. */
export function defaultOffer(): Wish[] {
  return withEvents([PCMU, PCMA])
}

/** @throws MediaError `bad-option` for an unknown name */
export function chosenOffer(choices: readonly CodecChoice[]): Wish[] {
  return withEvents(choices.map(resolveChoice))
}

/** What one side offered, for the other side, and G.711 after it. */
export function offerLike(codecs: readonly NumberedCodec[]): Wish[] {
  const usable = codecs.filter((codec) => isVoice(codec) || isTelephoneEvent(codec))
  return withEvents([...usable, PCMU, PCMA])
}

/** What can be joined to `other` whatever is chosen of it; the codecs that `own` has in use go first. */
export function offerJoinable(other: readonly Wish[], own: readonly Wish[]): Wish[] {
  const codecs = [...own, ...other]
  return withEvents(codecs.some((codec) => lawOf(codec)) ? [...codecs, PCMU, PCMA] : codecs)
}

/** The codecs of an agreement under the peer's numbers. */
export function agreedWishes(agreement: Agreement): Wish[] {
  return [...agreement.audio, ...agreement.events].map(({ codec, send }) => ({ ...codec, payloadType: send }))
}

/** Voices first, each once, then events in the clock rates of the voices and in the classic one. */
function withEvents(codecs: readonly Wish[]): Wish[] {
  const voices = unique(codecs.filter(isVoice))
  const rates = new Set([...voices.map((voice) => voice.clockRate), 8000])
  const added = [...rates].map((clockRate) => ({
    name: 'telephone-event',
    clockRate,
    channels: 1,
    fmtp: EVENTS,
  }))
  return [...voices, ...unique([...codecs.filter(isTelephoneEvent), ...added])]
}

function unique(codecs: readonly Wish[]): Wish[] {
  return codecs.filter((codec, index) => codecs.findIndex((each) => sameCodec(each, codec)) === index)
}
