import { describe, expect, it } from 'vitest'
import { responseTo } from '../../../src/demo/sip/build.js'
import { digestFields, digestResponse, DigestSession } from '../../../src/demo/sip/digest.js'
import type { SipRequest, SipResponse } from '../../../src/demo/sip/message.js'

const request: SipRequest = { kind: 'request', method: 'REGISTER', uri: 'sip:h', headers: [], body: '' }
const challenge = (...values: string[]): SipResponse =>
  responseTo(request, 401, { headers: { 'WWW-Authenticate': values } })

describe('digest', () => {
  it.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)('computes the example of RFC 7616 §3.9.1 with %s', (algorithm, response) => {
    const computed = digestResponse({
      username: 'Mufasa',
      password: 'Circle of Life',
      realm: 'http-auth@example.org',
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      algorithm,
      method: 'GET',
      uri: '/dir/index.html',
      auth: { nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
    })
    expect(computed).toBe(response)
  })

  it('takes the algorithm it prefers, and counts the uses of a nonce', () => {
    const session = new DigestSession({ username: 'bob', password: 'pw' }, 'SHA-256')
    const both = ['MD5', 'SHA-256'].map(
      (a) => `Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=${a}`,
    )
    expect(session.authorize('REGISTER', 'sip:h')).toBeUndefined()
    expect(session.challenged(challenge(...both), 0)).toBe(true)
    const counts = [1, 2].map(() => {
      const [name, value] = session.authorize('REGISTER', 'sip:h') ?? ['', '']
      expect(name).toBe('Authorization')
      expect(digestFields(value).get('algorithm')).toBe('SHA-256')
      return digestFields(value).get('nc')
    })
    expect(counts).toEqual(['00000001', '00000002'])
  })

  it('gives up when its answer is refused, but not when the nonce was only stale', () => {
    const session = new DigestSession({ username: 'bob', password: 'pw' })
    const plain = challenge('Digest realm="r", nonce="n"')
    const stale = challenge('Digest realm="r", nonce="m", stale=true')
    expect(session.challenged(plain, 0)).toBe(true)
    expect(session.challenged(stale, 1)).toBe(true)
    expect(session.challenged(plain, 1)).toBe(false)
    expect(session.challenged(challenge('Bearer realm="r"'), 0)).toBe(false)
  })
})
