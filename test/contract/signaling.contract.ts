import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type {
  DialRequest,
  IncomingCall,
  IncomingSubscription,
  Leg,
  LegEvents,
  Signaling,
  SignalingHandlers,
  SipTransaction,
} from '../../src/ports/signaling.js'
import { Caller } from '../embedded/sip/support/caller.js'
import { UdpPeer } from '../embedded/sip/support/peer.js'
import { Queue } from '../embedded/sip/support/queue.js'
import { reply, SDP, type Text } from '../embedded/sip/support/text.js'

export interface OpenedSignaling {
  readonly signaling: Signaling
  /** Where its SIP server takes datagrams. */
  readonly address: { readonly host: string; readonly port: number }
  /** Stops the SIP server; undefined where it is somebody else's. */
  readonly stop?: () => Promise<void>
  close(): Promise<void>
}

const ANSWER = SDP.replace('4000', '5000')
const HELD = SDP.replace('sendrecv', 'sendonly')

const failure = (status: number, reason?: string) =>
  expect.objectContaining({
    ...{ name: 'SipFailure', status },
    ...(reason === undefined ? {} : { reason }),
  }) as Error

/** What a signalling adapter asked its user. */
class Asked implements SignalingHandlers {
  readonly calls = new Queue<IncomingCall>()
  readonly registers = new Queue<SipTransaction>()
  readonly pings = new Queue<SipTransaction>()
  readonly others = new Queue<SipTransaction>()
  readonly subscriptions = new Queue<IncomingSubscription>()
  readonly lost = new Queue<string>()
  /** Thrown at the next request of no particular kind. */
  error: Error | undefined
  readonly invite = (call: IncomingCall): void => this.calls.push(call)
  readonly register = (request: SipTransaction): void => this.registers.push(request)
  readonly options = (request: SipTransaction): void => this.pings.push(request)
  readonly other = (request: SipTransaction): void => {
    if (this.error !== undefined) throw this.error
    this.others.push(request)
  }
  readonly subscribe = (subscription: IncomingSubscription): void => this.subscriptions.push(subscription)
  readonly gatewayLost = (gateway: string): void => this.lost.push(gateway)
  readonly gatewayUp = (): void => undefined
}

/** What a leg told. */
class LegLog implements LegEvents {
  readonly ends = new Queue<string | undefined>()
  count = 0
  readonly offers: string[] = []
  readonly infos: (readonly [string, string])[] = []
  answer: () => Promise<string> = () => Promise.resolve(ANSWER)
  readonly ended = (reason: string | undefined): void => {
    this.count++
    this.ends.push(reason)
  }
  readonly reoffered = (sdp: string): Promise<string> => {
    this.offers.push(sdp)
    return this.answer()
  }
  readonly info = (type: string, body: string): Promise<number> => {
    this.infos.push([type, body])
    return Promise.resolve(body === 'refused' ? 469 : 200)
  }
  static of(leg: Leg): LegLog {
    const log = new LegLog()
    leg.listen(log)
    return log
  }
}

/** What every way to a SIP server does. */
export function signalingContract(
  name: string,
  open: (handlers: SignalingHandlers) => Promise<OpenedSignaling>,
): void {
  describe(`signalling ${name}`, () => {
    let asked: Asked
    let opened: OpenedSignaling
    let peer: UdpPeer
    let caller: Caller

    beforeEach(async () => {
      asked = new Asked()
      opened = await open(asked)
      peer = await UdpPeer.open(opened.address)
      caller = new Caller(peer)
    })
    afterEach(async () => {
      peer.close()
      await opened.close()
    })

    const dialled = (more: Partial<DialRequest> = {}) => {
      const progress = new Queue<{ status: number; sdp: string }>()
      const call = opened.signaling.dial({
        ...{ uri: `sip:bob@127.0.0.1:${peer.port}`, callId: caller.callId, sdp: SDP, headers: [] },
        ...{ from: '<sip:alice@example.net>', to: '<sip:bob@example.net>' },
        progressed: (response) => progress.push(response),
        ...more,
      })
      // A test may look at the outcome late.
      call.answered.catch(() => undefined)
      return { call, progress }
    }
    const contact = () => `Contact: <sip:bob@127.0.0.1:${peer.port}>`
    const accept = (invite: Text, body = ANSWER, tag = 'callee'): void =>
      peer.send(reply(invite, 200, { tag, body, headers: [contact()] }))
    const established = async (): Promise<{ leg: Leg; invite: Text }> => {
      const { call } = dialled()
      const invite = await peer.request('INVITE')
      accept(invite)
      const leg = await call.answered
      await peer.request('ACK')
      return { leg, invite }
    }
    /** A call of the peer's that was answered. */
    const called = async (): Promise<{ leg: Leg; log: LegLog }> => {
      const { call } = await incoming()
      const leg = await call.answer({ sdp: ANSWER })
      const log = LegLog.of(leg)
      caller.learn(await peer.status(200, 'INVITE'))
      caller.ack()
      return { leg, log }
    }
    const incoming = async (options: Parameters<Caller['invite']>[0] = {}) => {
      caller.invite(options)
      const call = await asked.calls.next()
      await peer.status(100)
      return { call, branch: caller.lastBranch }
    }

    describe('for a request out of any call', () => {
      it('shows its headers, and sends the answer with the headers that it is given', async () => {
        caller.send('REGISTER', {
          headers: [
            'Supported: path, gruu',
            'k: outbound',
            'Authorization: Digest a="1", b="2"',
            'X-Odd: a,b',
          ],
        })
        const request = await asked.registers.next()
        expect(request).toMatchObject({
          method: 'REGISTER',
          uri: 'sip:alice@127.0.0.1',
          callId: caller.callId,
        })
        expect(request.gateway).toBe(opened.signaling.gateways[0]?.name)
        expect(request.source).toEqual({ protocol: 'udp', address: '127.0.0.1', port: peer.port })
        expect(request.header('Call-ID')).toBe(caller.callId)
        expect(request.header('from')).toContain('"Caller" <sip:caller@example.com>')
        expect(request.header('Nothing')).toBeUndefined()
        expect(request.headers('supported')).toEqual(['path', 'gruu', 'outbound'])
        expect(request.headers('Authorization')).toEqual(['Digest a="1", b="2"'])
        expect(request.body).toBe('')
        await request.respond({
          ...{ status: 401, phrase: 'Who Are You' },
          headers: [
            ['WWW-Authenticate', 'Digest realm="a", nonce="1"'],
            ['WWW-Authenticate', 'Bearer realm="a"'],
          ],
        })
        const answer = await peer.status(401)
        expect(answer.startLine).toBe('SIP/2.0 401 Who Are You')
        expect(answer.all('WWW-Authenticate')).toEqual(['Digest realm="a", nonce="1"', 'Bearer realm="a"'])
        await expect(request.respond({ status: 200 })).rejects.toThrow()
      })

      it('tells OPTIONS and the others apart', async () => {
        caller.send('OPTIONS')
        const ping = await asked.pings.next()
        await ping.respond({ status: 200, headers: [['Allow', 'INVITE']] })
        expect((await peer.status(200)).get('allow')).toBe('INVITE')
        caller.next('MESSAGE', { headers: ['Content-Type: text/plain'] })
        const message = await asked.others.next()
        expect(message).toMatchObject({ method: 'MESSAGE', contentType: 'text/plain' })
        await message.respond({ status: 405 })
        await peer.status(405)
      })

      it('answers 500 where its handler throws', async () => {
        asked.error = new Error('of ours')
        caller.send('MESSAGE')
        await peer.status(500)
      })

      it('sends no header that would break its line', async () => {
        caller.send('OPTIONS')
        const ping = await asked.pings.next()
        await expect(ping.respond({ status: 200, headers: [['X-A', 'b\r\nX-C: d']] })).rejects.toThrow()
        await ping.respond({ status: 200 })
        expect((await peer.status(200)).raw).not.toContain('X-C')
      })
    })

    describe('for a call that comes in', () => {
      it('sends provisionals and the answer, and tells of the BYE with its reason, once', async () => {
        const { call } = await incoming()
        expect(call.offer).toBe(SDP)
        await call.provisional({ status: 183, sdp: ANSWER, headers: [['X-Stage', 'early']] })
        const early = await peer.status(183)
        expect(early.body).toBe(ANSWER)
        expect(early.get('content-type')).toBe('application/sdp')
        expect(early.get('x-stage')).toBe('early')
        const leg = await call.answer({ sdp: ANSWER, headers: [['X-Stage', 'late']] })
        expect(leg.remoteSdp).toBe(SDP)
        const answer = caller.learn(await peer.status(200, 'INVITE'))
        expect(answer.toTag).toBe(early.toTag)
        expect([answer.body, answer.get('x-stage')]).toEqual([ANSWER, 'late'])
        caller.ack()
        const log = LegLog.of(leg)
        caller.next('BYE', { headers: ['Reason: Q.850;cause=16', 'Reason: SIP;cause=200'] })
        expect(await log.ends.next()).toBe('Q.850;cause=16, SIP;cause=200')
        await peer.status(200, 'BYE')
        await leg.hangUp(undefined)
        expect(log.count).toBe(1)
      })

      it('refuses with status, phrase and headers', async () => {
        const { call } = await incoming()
        await call.reject({ status: 603, phrase: 'No Thanks', headers: [['Reason', 'SIP;cause=603']] })
        const answer = await peer.status(603)
        expect([answer.startLine, answer.get('reason')]).toEqual(['SIP/2.0 603 No Thanks', 'SIP;cause=603'])
        await call.provisional({ status: 180 })
        await call.reject({ status: 486 })
        expect(peer.count((text) => text.status === 180 || text.status === 486)).toBe(0)
      })

      it('tells of a CANCEL with its reason, and takes no answer any more', async () => {
        const { call, branch } = await incoming()
        await call.provisional({ status: 180 })
        await peer.status(180)
        caller.onInviteBranch('CANCEL', branch, { headers: ['Reason: SIP;cause=200;text="elsewhere"'] })
        const reason = await new Promise((resolve) => call.onCancel(resolve))
        expect(reason).toBe('SIP;cause=200;text="elsewhere"')
        await peer.status(487, 'INVITE')
        await expect(call.answer({ sdp: ANSWER })).rejects.toEqual(failure(487))
        await call.provisional({ status: 183 })
        await call.reject({ status: 480 })
        expect(await new Promise((resolve) => call.onCancel(resolve))).toBe(reason)
        expect(peer.count((text) => text.status === 183 || text.status === 480)).toBe(0)
      })

      it('takes a BYE before the answer for a CANCEL', async () => {
        const { call } = await incoming()
        await call.provisional({ status: 183, sdp: ANSWER })
        caller.learn(await peer.status(183))
        const cancelled = new Promise((resolve) => call.onCancel(resolve))
        caller.next('BYE')
        await peer.status(200, 'BYE')
        await cancelled
        await peer.status(487, 'INVITE')
      })

      it('sends reliable provisionals one at a time, and the answer after the PRACK of the last', async () => {
        const { call } = await incoming({ headers: ['Require: 100rel'] })
        const seq = caller.seq
        await call.provisional({ status: 183, sdp: ANSWER })
        const second = call.provisional({ status: 180 })
        const answered = call.answer({ sdp: ANSWER })
        const first = caller.learn(await peer.status(183))
        expect(first.get('require')).toBe('100rel')
        caller.next('PRACK', { headers: [`RAck: ${first.get('rseq')} ${seq} INVITE`] })
        await peer.status(200, 'PRACK')
        await second
        const ringing = await peer.status(180)
        expect(Number(ringing.get('rseq'))).toBe(Number(first.get('rseq')) + 1)
        expect(peer.count((text) => text.status === 200 && text.cseq.endsWith('INVITE'))).toBe(0)
        caller.next('PRACK', { headers: [`RAck: ${ringing.get('rseq')} ${seq} INVITE`] })
        await peer.status(200, 'PRACK')
        const log = LegLog.of(await answered)
        await peer.status(200, 'INVITE')
        caller.ack({ seq })
        caller.next('BYE')
        await log.ends.next()
      })

      it('gives a caller that is cancelled before its PRACK no answer', async () => {
        const { call, branch } = await incoming({ headers: ['Require: 100rel'] })
        await call.provisional({ status: 183, sdp: ANSWER })
        await peer.status(183)
        const answered = call.answer({ sdp: ANSWER })
        caller.onInviteBranch('CANCEL', branch)
        await expect(answered).rejects.toEqual(failure(487))
        await peer.status(487, 'INVITE')
      })

      it('makes the offer where the INVITE had none, and takes the answer from the ACK', async () => {
        const { call } = await incoming({ body: '' })
        expect(call.offer).toBe('')
        const answered = call.answer({ sdp: SDP })
        expect(caller.learn(await peer.status(200, 'INVITE')).body).toBe(SDP)
        caller.ack({ body: ANSWER })
        const leg = await answered
        expect(leg.remoteSdp).toBe(ANSWER)
        LegLog.of(leg)
        caller.next('BYE')
        await peer.status(200, 'BYE')
      })

      it('fails where the caller hangs up before the ACK that was to bring the answer', async () => {
        const { call } = await incoming({ body: '' })
        const answered = call.answer({ sdp: SDP })
        const failed = expect(answered).rejects.toEqual(failure(487))
        caller.learn(await peer.status(200, 'INVITE'))
        caller.next('BYE')
        await failed
      })
    })

    describe('for an established call', () => {
      it('passes new offers on, and answers 488 to one that is refused', async () => {
        const { log } = await called()
        caller.next('INVITE', { body: HELD })
        expect((await peer.status(200, 'INVITE')).body).toBe(ANSWER)
        caller.ack()
        caller.next('UPDATE', { body: HELD })
        expect((await peer.status(200, 'UPDATE')).body).toBe(ANSWER)
        expect(log.offers).toEqual([HELD, HELD])
        log.answer = () => Promise.reject(new Error('no codec'))
        caller.next('INVITE', { body: SDP })
        await peer.status(488, 'INVITE')
        caller.onInviteBranch('ACK', caller.lastBranch)
        caller.next('BYE')
        await log.ends.next()
      })

      it('answers an UPDATE without an offer by itself, and refuses transfers', async () => {
        const { log } = await called()
        caller.next('UPDATE')
        await peer.status(200, 'UPDATE')
        caller.next('REFER', { headers: ['Refer-To: <sip:carol@example.com>'] })
        await peer.status(603, 'REFER')
        expect(log.offers).toEqual([])
        caller.next('BYE')
        await log.ends.next()
      })

      it('passes INFO on both ways', async () => {
        const { leg, log } = await called()
        const dtmf = ['Content-Type: application/dtmf-relay', 'Content-Length: 8']
        const send = (body: string): void => {
          const head = caller.write('INFO', { seq: ++caller.seq }).replace('Content-Length: 0\r\n\r\n', '')
          peer.send(`${head}${dtmf[0]}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
        }
        send('Signal=5')
        await peer.status(200, 'INFO')
        send('refused')
        await peer.status(469, 'INFO')
        expect(log.infos).toEqual([
          ['application/dtmf-relay', 'Signal=5'],
          ['application/dtmf-relay', 'refused'],
        ])
        const sent = leg.info('application/dtmf-relay', 'Signal=6')
        const info = await peer.request('INFO')
        expect([info.get('content-type'), info.body]).toEqual(['application/dtmf-relay', 'Signal=6'])
        peer.send(reply(info, 200))
        await sent
        const refused = leg.info('application/dtmf-relay', 'Signal=7')
        const failed = expect(refused).rejects.toEqual(failure(415))
        peer.send(reply(await peer.request('INFO'), 415))
        await failed
        caller.next('BYE')
        await log.ends.next()
        await expect(leg.info('a/b', 'c')).rejects.toEqual(failure(481))
      })

      it('hangs up with the reason, once', async () => {
        const { leg, log } = await called()
        const over = leg.hangUp('SIP;cause=200;text="Call completed elsewhere"')
        const bye = await peer.request('BYE')
        expect(bye.get('reason')).toBe('SIP;cause=200;text="Call completed elsewhere"')
        peer.send(reply(bye, 200))
        await over
        await leg.hangUp(undefined)
        expect(log.count).toBe(0)
        expect(peer.count((text) => text.method === 'BYE')).toBe(1)
      })

      it('takes no offer any more while its BYE is under way', async () => {
        const { leg, log } = await called()
        const over = leg.hangUp(undefined)
        const bye = await peer.request('BYE')
        caller.next('INVITE', { body: HELD })
        await peer.status(481, 'INVITE')
        peer.send(reply(bye, 200))
        await over
        expect(log.offers).toEqual([])
      })

      it('has ended for both where their BYEs cross', async () => {
        const { leg } = await called()
        const over = leg.hangUp(undefined)
        const bye = await peer.request('BYE')
        caller.next('BYE')
        await peer.status(200, 'BYE')
        peer.send(reply(bye, 481))
        await over
      })

      it('tells of an end that came before anybody listened', async () => {
        const { call } = await incoming()
        const leg = await call.answer({ sdp: ANSWER })
        caller.learn(await peer.status(200, 'INVITE'))
        caller.ack()
        caller.next('BYE', { headers: ['Reason: SIP;cause=200'] })
        await peer.status(200, 'BYE')
        expect(await LegLog.of(leg).ends.next()).toBe('SIP;cause=200')
      })
    })

    describe('for a call that it makes', () => {
      it('tells of provisionals, acknowledges the answer, and ends with the other side', async () => {
        const { call, progress } = dialled({ headers: [['X-Mine', '1']] })
        const invite = await peer.request('INVITE')
        expect(invite.uri).toBe(`sip:bob@127.0.0.1:${peer.port}`)
        expect(invite.get('from')).toMatch(/^<sip:alice@example.net>;tag=/)
        expect([invite.get('to'), invite.get('call-id')]).toEqual(['<sip:bob@example.net>', caller.callId])
        expect([invite.get('x-mine'), invite.body]).toEqual(['1', SDP])
        peer.send(reply(invite, 180, { tag: 'callee' }))
        expect(await progress.next()).toEqual({ status: 180, sdp: '' })
        peer.send(reply(invite, 183, { tag: 'callee', body: ANSWER }))
        expect(await progress.next()).toEqual({ status: 183, sdp: ANSWER })
        accept(invite)
        const leg = await call.answered
        expect(leg.remoteSdp).toBe(ANSWER)
        const ack = await peer.request('ACK')
        expect(ack.cseq).toBe(invite.cseq.replace('INVITE', 'ACK'))
        const log = LegLog.of(leg)
        caller.toTag = invite.fromTag
        peer.send(byeOf(invite, peer, 'SIP;cause=200'))
        await peer.status(200, 'BYE')
        expect(await log.ends.next()).toBe('SIP;cause=200')
      })

      it('goes by the proxy that it is given', async () => {
        const { call } = dialled({ uri: 'sip:bob@192.0.2.1', proxy: `sip:127.0.0.1:${peer.port}` })
        const invite = await peer.request('INVITE')
        expect(invite.uri).toBe('sip:bob@192.0.2.1')
        peer.send(reply(invite, 404, { tag: 'x' }))
        await expect(call.answered).rejects.toEqual(failure(404))
      })

      it('acknowledges reliable provisionals', async () => {
        const { call, progress } = dialled({ headers: [['Supported', '100rel']] })
        const invite = await peer.request('INVITE')
        const headers = ['Require: 100rel', 'RSeq: 7', contact()]
        peer.send(reply(invite, 183, { tag: 'callee', body: ANSWER, headers }))
        expect((await progress.next()).status).toBe(183)
        const prack = await peer.request('PRACK')
        expect(prack.get('rack')).toBe(`7 ${invite.cseq}`)
        peer.send(reply(prack, 200))
        accept(invite)
        LegLog.of(await call.answered)
        await peer.request('ACK')
      })

      it('fails with the status and the reason of the refusal', async () => {
        const { call } = dialled()
        const invite = await peer.request('INVITE')
        peer.send(reply(invite, 486, { tag: 'x', headers: ['Reason: Q.850;cause=17'] }))
        await expect(call.answered).rejects.toEqual(failure(486, 'Q.850;cause=17'))
      })

      it('cancels with the reason, once, and fails with 487', async () => {
        const { call, progress } = dialled()
        const invite = await peer.request('INVITE')
        peer.send(reply(invite, 180, { tag: 'callee' }))
        await progress.next()
        call.cancel('SIP;cause=200;text="Call completed elsewhere"')
        call.cancel('SIP;cause=487')
        const cancel = await peer.request('CANCEL')
        expect(cancel.get('reason')).toBe('SIP;cause=200;text="Call completed elsewhere"')
        peer.send(reply(cancel, 200))
        peer.send(reply(invite, 487, { tag: 'callee' }))
        await expect(call.answered).rejects.toEqual(failure(487))
      })

      it('holds a CANCEL back until the INVITE has been heard of', async () => {
        const { call } = dialled()
        call.cancel('SIP;cause=487')
        const invite = await peer.request('INVITE')
        expect(peer.count((text) => text.method === 'CANCEL')).toBe(0)
        peer.send(reply(invite, 100))
        const cancel = await peer.request('CANCEL')
        peer.send(reply(cancel, 200))
        peer.send(reply(invite, 487, { tag: 'callee' }))
        await expect(call.answered).rejects.toEqual(failure(487))
      })

      it('ends a call whose answer crossed the CANCEL', async () => {
        const { call, progress } = dialled()
        const invite = await peer.request('INVITE')
        peer.send(reply(invite, 180, { tag: 'callee' }))
        await progress.next()
        call.cancel('SIP;cause=200;text="Call completed elsewhere"')
        const cancel = await peer.request('CANCEL')
        accept(invite)
        peer.send(reply(cancel, 481))
        const log = LegLog.of(await call.answered)
        await peer.request('ACK')
        const bye = await peer.request('BYE')
        if (opened.stop !== undefined) {
          expect(bye.get('reason')).toBe('SIP;cause=200;text="Call completed elsewhere"')
        }
        peer.send(reply(bye, 200))
        await log.ends.next()
      })

      it.each([
        ['401', 'WWW-Authenticate', 'Authorization'],
        ['407', 'Proxy-Authenticate', 'Proxy-Authorization'],
      ])('answers a challenge by %s once', async (status, challenge, answer) => {
        const { call } = dialled({ credentials: { username: 'alice', password: 'secret' } })
        const first = await peer.request('INVITE')
        const headers = [`${challenge}: Digest realm="r", nonce="n", qop="auth", algorithm=MD5`]
        peer.send(reply(first, Number(status), { tag: 'x', headers }))
        const second = await peer.request('INVITE')
        expect(second.get(answer)).toMatch(/^Digest username="alice",.*response="[0-9a-f]{32}"/)
        expect(second.fromTag).toBe(first.fromTag)
        expect(Number.parseInt(second.cseq)).toBe(Number.parseInt(first.cseq) + 1)
        peer.send(reply(second, Number(status), { tag: 'y', headers }))
        await expect(call.answered).rejects.toEqual(failure(Number(status)))
      })

      it('ends a fork that answers late', async () => {
        const { invite } = await established()
        accept(invite, ANSWER, 'late')
        const ack = await peer.next((text) => text.method === 'ACK' && text.toTag === 'late')
        const bye = await peer.next((text) => text.method === 'BYE' && text.toTag === 'late')
        expect(ack.get('call-id')).toBe(bye.get('call-id'))
        peer.send(reply(bye, 200))
      })

      it('fails at once by a gateway that does not exist, and to an address that is none', async () => {
        await expect(dialled({ gateway: 'nowhere' }).call.answered).rejects.toEqual(failure(503))
        await expect(dialled({ uri: 'sip:bob@exa mple' }).call.answered).rejects.toEqual(failure(503))
        const odd = dialled({ headers: [['X-A', 'b\r\nX-C: d']] })
        await expect(odd.call.answered).rejects.toThrow()
      })
    })

    describe('for a subscription', () => {
      const subscribe = async () => {
        caller.send('SUBSCRIBE', { headers: ['Event: dialog', 'Expires: 600'] })
        const subscription = await asked.subscriptions.next()
        const dialog = await subscription.accept({ expires: 300, headers: [['X-Mine', '1']] })
        const answer = caller.learn(
          await peer.next((text) => text.status >= 200 && text.cseq.endsWith('SUBSCRIBE')),
        )
        return { dialog, answer }
      }

      it('notifies, and hears of refreshes and of the end', async () => {
        const { dialog, answer } = await subscribe()
        expect([answer.get('expires'), answer.get('x-mine')]).toEqual(['300', '1'])
        const refreshes = new Queue<SipTransaction>()
        const over = new Promise<void>((resolve) =>
          dialog.listen({
            refreshed: (request) => refreshes.push(request),
            unsubscribed: resolve,
            lost: () => undefined,
          }),
        )
        const headers = [['Event', 'dialog'] as const, ['Subscription-State', 'active'] as const]
        const document = { contentType: 'application/dialog-info+xml', body: '<a/>' }
        const notified = dialog.notify({ headers, ended: false, document })
        const notify = await peer.request('NOTIFY')
        expect([notify.get('content-type'), notify.body]).toEqual([document.contentType, '<a/>'])
        peer.send(reply(notify, 200))
        await notified
        caller.next('SUBSCRIBE', { headers: ['Event: dialog', 'Expires: 600'] })
        const refresh = await refreshes.next()
        await refresh.respond({ status: 200, headers: [['Expires', '200']] })
        expect((await peer.status(200, 'SUBSCRIBE')).get('expires')).not.toBe('300')
        caller.next('SUBSCRIBE', { headers: ['Event: dialog', 'Expires: 0'] })
        await over
        const last = dialog.notify({
          headers: [
            ['Event', 'dialog'],
            ['Subscription-State', 'terminated;reason=timeout'],
          ],
          ended: true,
        })
        peer.send(reply(await peer.request('NOTIFY'), 200))
        await last
      })

      it('rejects a NOTIFY that the subscriber does not know', async () => {
        const { dialog } = await subscribe()
        const notified = dialog.notify({
          headers: [
            ['Event', 'dialog'],
            ['Subscription-State', 'active'],
          ],
          ended: true,
        })
        const failed = expect(notified).rejects.toEqual(failure(481))
        peer.send(reply(await peer.request('NOTIFY'), 481))
        await failed
      })
    })

    it('says where it is reached, and is up', () => {
      const [gateway] = opened.signaling.gateways
      expect(gateway).toMatchObject({ up: true })
      expect(gateway?.listening).toContainEqual({ protocol: 'udp', ...opened.address })
    })

    it('loses what is under way with its server', async (context) => {
      if (opened.stop === undefined) return context.skip()
      const { leg } = await established()
      const log = LegLog.of(leg)
      const { call } = dialled({ callId: 'under-way' })
      await peer.next((text) => text.method === 'INVITE' && text.get('call-id') === 'under-way')
      const failed = expect(call.answered).rejects.toEqual(failure(503))
      await opened.stop()
      expect(await asked.lost.next()).toBe(opened.signaling.gateways[0]?.name)
      await failed
      expect(opened.signaling.gateways[0]?.up).toBe(false)
      await leg.hangUp(undefined)
      expect(log.count).toBe(0)
      await expect(dialled().call.answered).rejects.toEqual(failure(503))
    })
  })
}

/** The callee's BYE in the dialog of an INVITE that it got. */
function byeOf(invite: Text, peer: UdpPeer, reason: string): string {
  const target = /<([^>]+)>/.exec(invite.get('contact'))?.[1] ?? ''
  return [
    `BYE ${target} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK-bye-${invite.branch}`,
    'Max-Forwards: 70',
    `From: ${invite.get('to')};tag=callee`,
    `To: ${invite.get('from')}`,
    `Call-ID: ${invite.get('call-id')}`,
    'CSeq: 1 BYE',
    `Reason: ${reason}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
}
