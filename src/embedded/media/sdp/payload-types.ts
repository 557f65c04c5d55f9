import { MediaError } from '../errors.js'
import { isTelephoneEvent, sameCodec, type Codec, type NumberedCodec } from './codecs.js'

const FIRST_DYNAMIC = 96
const LAST_DYNAMIC = 127
/** What most phones call telephone-event; some know no other number. */
const USUAL_EVENT = 101

/** The numbers of a session's codecs. One that meant something once never means another (RFC 3264 §8.3.2). */
export class PayloadTypes {
  readonly #known: NumberedCodec[] = []

  remember(codecs: readonly NumberedCodec[]): void {
    for (const codec of codecs) if (!this.#known.some((each) => same(each, codec))) this.#known.push(codec)
  }

  /** Numbers codecs for an offer of ours: as before, else as wished, else the next free one. */
  number(codecs: readonly (Codec & { payloadType?: number })[]): NumberedCodec[] {
    const numbered: NumberedCodec[] = []
    for (const codec of codecs) {
      if (numbered.some((each) => sameCodec(each, codec))) continue
      const before = this.#known.find((each) => sameCodec(each, codec))
      const wish =
        before?.payloadType ?? codec.payloadType ?? (isClassicEvent(codec) ? USUAL_EVENT : undefined)
      const free = (number: number) =>
        ![...this.#known, ...numbered].some((each) => each.payloadType === number && !sameCodec(each, codec))
      const payloadType = wish !== undefined && free(wish) ? wish : nextFree(free)
      numbered.push({ ...codec, payloadType })
    }
    this.remember(numbered)
    return numbered
  }
}

function isClassicEvent(codec: Codec): boolean {
  return isTelephoneEvent(codec) && codec.clockRate === 8000
}

function same(a: NumberedCodec, b: NumberedCodec): boolean {
  return a.payloadType === b.payloadType && sameCodec(a, b)
}

function nextFree(free: (number: number) => boolean): number {
  for (let number = FIRST_DYNAMIC; number <= LAST_DYNAMIC; number += 1) {
    if (number !== USUAL_EVENT && free(number)) return number
  }
  throw new MediaError('not-acceptable', 'more codecs than payload types')
}
