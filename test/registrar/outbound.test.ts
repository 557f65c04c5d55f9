import { describe, expect, it } from 'vitest'
import { flowUri } from '../../src/registrar/flow.js'
import { Harness, TCP, UDP, type RegisterSpec } from './harness.js'

const UUID = 'urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF'

function contact(options: { host?: string; instance?: string; regId?: number; expires?: number }): string {
  const { host = '10.0.0.1', instance = UUID, regId, expires } = options
  const flow = regId === undefined ? '' : `;reg-id=${regId}`
  return `<sip:alice@${host}>;+sip.instance="<${instance}>"${flow}${expires === undefined ? '' : `;expires=${expires}`}`
}

const outbound = { Supported: 'path, outbound' }
const uris = async (harness: Harness) => (await harness.bindings()).map(({ uri }) => uri)

describe('a phone with an instance', () => {
  it('that was started anew on another address has one binding, the new one, under the same id', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({ host: 'old' }), callId: 'a', cseq: 70 })
    const [before] = await harness.bindings()
    await harness.register({
      contact: contact({ host: 'new', instance: UUID.toLowerCase() }),
      callId: 'b',
      cseq: 1,
    })
    const after = await harness.bindings()
    expect(after.map(({ uri, bindingId }) => [uri, bindingId])).toEqual([
      ['sip:alice@new', before?.bindingId],
    ])
  })

  it('keeps its new binding when it takes its old address back late, from the former connection', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({ host: 'old' }), callId: 'a', cseq: 1 })
    await harness.register({ contact: contact({ host: 'new' }), callId: 'b', cseq: 1 })
    const late = await harness.register({
      contact: contact({ host: 'old', expires: 0 }),
      callId: 'a',
      cseq: 2,
    })
    expect(late.status).toBe(200)
    expect(await uris(harness)).toEqual(['sip:alice@new'])
  })

  it('removes its binding from a new port within the same Call-ID', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({ host: 'h:5061' }), callId: 'a', cseq: 1 })
    await harness.register({ contact: contact({ host: 'h:5062', expires: 0 }), callId: 'a', cseq: 2 })
    expect(await uris(harness)).toEqual([])
  })
})

describe('a phone with flows (RFC 5626)', () => {
  it('has one binding a reg-id, and registering a reg-id again replaces that flow', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({ host: 'one', regId: 1 }), callId: 'a', source: TCP })
    await harness.register({ contact: contact({ host: 'two', regId: 2 }), callId: 'b', source: TCP })
    expect(await uris(harness)).toEqual(['sip:alice@one', 'sip:alice@two'])
    const moved = { ...TCP, port: 50001 }
    await harness.register({ contact: contact({ host: 'three', regId: 1 }), callId: 'c', source: moved })
    const bindings = await harness.bindings()
    expect(new Map(bindings.map(({ regId, uri }) => [regId, uri]))).toEqual(
      new Map([
        [1, 'sip:alice@three'],
        [2, 'sip:alice@two'],
      ]),
    )
    expect(bindings.find(({ regId }) => regId === 1)?.source).toEqual(moved)
  })

  it('with the same Contact on both keeps the other flow when one is removed', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({ regId: 1 }), callId: 'a' })
    await harness.register({ contact: contact({ regId: 2 }), callId: 'b' })
    await harness.register({ contact: contact({ regId: 1, expires: 0 }), callId: 'a' })
    expect((await harness.bindings()).map(({ regId }) => regId)).toEqual([2])
  })

  it('loses them all where it registers without reg-id: it was started anew', async () => {
    const harness = new Harness()
    await harness.register({ contact: contact({ host: 'one', regId: 1 }), callId: 'a' })
    await harness.register({ contact: contact({ host: 'two', regId: 2 }), callId: 'b' })
    await harness.register({ contact: contact({ host: 'three' }), callId: 'c' })
    expect(await uris(harness)).toEqual(['sip:alice@three'])
  })

  it.each(['0', '2147483648', 'x', ''])('gives reg-id %j no meaning', async (regId) => {
    const harness = new Harness()
    await harness.register({ contact: `${contact({})};reg-id=${regId}` })
    expect((await harness.bindings())[0]?.regId).toBeNull()
  })

  it('gives a reg-id without an instance no meaning', async () => {
    const harness = new Harness()
    await harness.register({ contact: '<sip:alice@h>;reg-id=1' })
    expect((await harness.bindings())[0]?.regId).toBeNull()
  })
})

describe('the answer to a phone that speaks outbound', () => {
  const spec: RegisterSpec = { contact: contact({ regId: 1 }), source: TCP, headers: outbound }

  it('requires outbound and names the keep-alive interval', async () => {
    const answer = await new Harness().register(spec)
    expect(answer.header('Require')).toBe('outbound')
    expect(answer.header('Flow-Timer')).toBe('120')
  })

  it.each<[string, RegisterSpec]>([
    ['over UDP, where the keep-alive would be STUN', { ...spec, source: UDP }],
    ['without Supported: outbound', { ...spec, headers: {} }],
    ['without a reg-id', { ...spec, contact: contact({}) }],
    ['through a proxy', { ...spec, headers: { ...outbound, Via: ['SIP/2.0/TCP a', 'SIP/2.0/TCP b'] } }],
    ['to a query', { ...spec, contact: [] }],
  ])('says nothing of it %s', async (_name, other) => {
    const answer = await new Harness().register(other)
    expect(answer.status).toBe(200)
    expect(answer.header('Require')).toBeUndefined()
    expect(answer.header('Flow-Timer')).toBeUndefined()
  })
})

describe('the way to a registered flow', () => {
  it.each([
    [UDP, 'sip:198.51.100.7:40001;transport=udp'],
    [{ protocol: 'TLS', address: '2001:db8::1', port: 5061 }, 'sip:[2001:db8::1]:5061;transport=tls'],
  ])('is the address that the REGISTER came from', (source, uri) => {
    expect(flowUri(source)).toBe(uri)
  })
})
