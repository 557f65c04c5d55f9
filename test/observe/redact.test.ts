import { describe, expect, it } from 'vitest'
import { redact, redactText, SECRET } from '../../src/observe/redact.js'

describe('redaction', () => {
  it('replaces the values of fields that are named like secrets, however deep', () => {
    const fields = {
      headers: { authorization: 'Digest x', 'proxy-authorization': 'y', accept: 'text/html' },
      devices: [{ push: { provider: 'acme', token: 'abcdef' } }],
      users: { alice: { password: 'hunter2', adminToken: 't', apiSecret: 's', privateKey: 'k' } },
    }
    expect(redact(fields)).toEqual({
      headers: { authorization: SECRET, 'proxy-authorization': SECRET, accept: 'text/html' },
      devices: [{ push: { provider: 'acme', token: SECRET } }],
      users: { alice: { password: SECRET, adminToken: SECRET, apiSecret: SECRET, privateKey: SECRET } },
    })
  })

  it('keeps what tells only whether there is a secret', () => {
    expect(redact({ token: null, password: undefined, hasToken: true })).toEqual({
      token: null,
      password: undefined,
      hasToken: true,
    })
  })

  it.each([
    ['Authorization: Bearer eyJhbGciOi.abc-123', `Authorization: Bearer ${SECRET}`],
    ['Digest username="a", response="0123abcd", nc=1', `Digest username="a", response=${SECRET}, nc=1`],
    ['<sip:a@h;pn-provider=acme;pn-prid=S3cr3t;x=y>', `<sip:a@h;pn-provider=acme;pn-prid=${SECRET};x=y>`],
    ['postgres://app:hunter2@db:5432/reveille', `postgres://app:${SECRET}@db:5432/reveille`],
    ['sip:alice:hunter2@example.net', `sip:alice:${SECRET}@example.net`],
  ])('takes the secret out of the text %s', (text, expected) => {
    expect(redactText(text)).toBe(expected)
  })

  it.each([
    'sip:alice@10.0.0.1:5060',
    'no response within 5 s',
    'http://127.0.0.1:8080/x',
    'sip:10.0.0.1:5060',
  ])('leaves %s as it is', (text) => {
    expect(redactText(text)).toBe(text)
  })

  it('makes plain objects of errors, with their causes, and takes secrets out of those as well', () => {
    const error = new Error('push to /x failed: Bearer abcdefghij', { cause: new RangeError('inner') })
    expect(redact({ err: Object.assign(error, { code: 'E1', token: 'x' }) })).toMatchObject({
      err: {
        type: 'Error',
        message: `push to /x failed: Bearer ${SECRET}`,
        code: 'E1',
        token: SECRET,
        cause: { type: 'RangeError', message: 'inner' },
      },
    })
  })

  it('tells the errors inside of an aggregate', () => {
    const refused = new AggregateError([new Error('connect ECONNREFUSED ::1:1')], '')
    expect(redact(refused)).toMatchObject({
      type: 'AggregateError',
      errors: [{ message: 'connect ECONNREFUSED ::1:1' }],
    })
  })

  it('ends on a cycle', () => {
    const loop: Record<string, unknown> = { name: 'loop' }
    loop['self'] = loop
    expect(JSON.stringify(redact(loop))).toContain('[deep]')
  })
})
