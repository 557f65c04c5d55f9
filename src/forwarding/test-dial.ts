import type { Headers, Signaling } from '../ports/signaling.js'
import type { TrialsDeps } from './trials.js'

/** Where calls out through a trunk go. */
export interface TestTrunk {
  /** A SIP URI. */
  readonly proxy: string | null
  readonly credentials: { readonly username: string; readonly password: string } | null
}

/** Nobody is to talk: the answer would be hung up. */
const NO_MEDIA = [
  'v=0',
  'o=- 0 0 IN IP4 0.0.0.0',
  's=-',
  'c=IN IP4 0.0.0.0',
  't=0 0',
  'm=audio 9 RTP/AVP 8 0',
  'a=inactive',
  '',
].join('\r\n')

/**
 * Test calls through the trunks of the configuration.
 *
 * @param address the SIP URI of a number behind the trunk; undefined where it has no proxy
 * @param domain host part of our URIs
 */
export function testDial(
  signaling: Pick<Signaling, 'dial'>,
  trunk: (name: string) => TestTrunk | undefined,
  address: (trunk: string, number: string) => string | undefined,
  domain: string,
): TrialsDeps['dial'] {
  return ({ testTrunk, number, did }, id, progressed) => {
    const known = testTrunk === null ? undefined : trunk(testTrunk)
    const uri = testTrunk === null ? undefined : address(testTrunk, number)
    if (known === undefined || uri === undefined) return null
    const headers: Headers = [['X-Test-Call', id]]
    return signaling.dial({
      ...{ uri, callId: id, sdp: NO_MEDIA, headers, progressed },
      from: `<sip:${did}@${domain}>`,
      to: `<${uri}>`,
      ...(known.credentials === null ? {} : { credentials: known.credentials }),
    })
  }
}
