import type { Caller, InvitePolicy, Phone } from '../../../src/demo/index.js'
import { isRequest, isResponse } from '../../../src/demo/index.js'

/** What goes wrong on real networks, as policies and impairments with a name. */

/** A phone that answers just as it is cancelled: its 200 and the CANCEL cross. */
export const answersTheCancel: InvitePolicy = { ringAfterMs: 0, whenCancelled: 'answer' }

/** A phone whose user agent ignores CANCEL and rings on. */
export const ignoresCancel: InvitePolicy = { ringAfterMs: 0, whenCancelled: 'ignore' }

/** A phone with its app dead behind an open socket. */
export const silent: InvitePolicy = { ignore: true }

/** A phone that takes a call that it can send no sound to: nothing common in the SDP of its 200. */
export const answersWithForeignCodec: InvitePolicy = {
  answerAfterMs: 0,
  sdp: 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 97\r\na=rtpmap:97 speex/16000\r\n',
}

export const answersWithoutSdp: InvitePolicy = { answerAfterMs: 0, sdp: '' }

export const answersWithGarbage: InvitePolicy = { answerAfterMs: 0, sdp: 'v=0\r\nm=audio\r\nnonsense' }

/** Its ACKs never arrive: the callee repeats its 200 and gives up in the end. */
export function neverAcknowledges(player: Caller | Phone): void {
  player.peer.sending.dropFirst(Infinity, isRequest('ACK'))
}

/** The first copies of its answer are lost on the way: retransmission must bring it. */
export function losesItsAnswer(player: Caller | Phone, copies: number): void {
  player.peer.sending.dropFirst(copies, isResponse(200, 'INVITE'))
}

/** The final response is on its way for so long that a CANCEL overtakes it. */
export function hearsLate(player: Caller | Phone, delayMs: number): void {
  player.peer.receiving.set({ delayMs })
}

/** A bad mobile network. */
export function onBadNetwork(player: Caller | Phone, seed: number): void {
  for (const direction of [player.peer.sending, player.peer.receiving]) {
    direction.set({ delayMs: 15, loss: 0.2, duplicate: 0.1, reorder: 0.1, reorderMs: 20, seed })
  }
}
