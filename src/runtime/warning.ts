/** Why a session description is not acceptable, by the warn-codes of RFC 3261 §20.43. */
type Warning = readonly [code: 302 | 304 | 305, text: string]

const TRANSPORT: Warning = [302, 'Incompatible transport protocol']
const TYPE: Warning = [304, 'Media type not available']
const FORMAT: Warning = [305, 'Incompatible media format']

/** The Warning of a 488 to this offer. `agent`: who warns, a host. */
export function warningHeader(offer: string, agent: string): readonly ['Warning', string] {
  const [code, text] = warningOf(offer)
  return ['Warning', `${code} ${agent} "${text}"`]
}

function warningOf(offer: string): Warning {
  const audio = /^m=audio [1-9]\d*(?:\/\d+)? (\S+) (.*)$/m.exec(offer)
  if (audio === null) return TYPE
  const [, protocol = '', formats = ''] = audio
  const plain = /^RTP\/AVPF?$/.test(protocol)
  // G.711 is served always: with it in the offer, what was missing are keys, or a way to carry it.
  return !plain && /\b[08]\b/.test(formats) ? TRANSPORT : FORMAT
}
