import type { RemoteInfo } from 'node:dgram'
import { describe, expect, it } from 'vitest'
import { createCredentials, IceLite } from '../../../../src/embedded/media/webrtc/ice.js'
import { bindingSuccess, parseBindingRequest } from '../../../../src/embedded/media/webrtc/stun.js'
import { check } from './check.js'

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

/** RFC 5769 §2.1. */
const SAMPLE = hex(`
  000100582112a442b7e7a701bc34d686fa87dfae
  802200105354554e207465737420636c69656e74
  002400046e0001ff80290008932ff9b151263b36
  000600096576746a3a68367659202020
  000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf`)
const SAMPLE_PASSWORD = 'VOkJxbRl1RmTxUk/WvJxBt'

const from = (port: number, address = '192.0.2.7'): RemoteInfo => ({ address, port, family: 'IPv4', size: 0 })

describe('a Binding request', () => {
  it('is read as in RFC 5769', () => {
    const request = parseBindingRequest(SAMPLE)
    expect(request).toMatchObject({ username: 'evtj:h6vY', nominates: false, controlled: true })
    expect(request?.isOf(SAMPLE_PASSWORD)).toBe(true)
    expect(request?.isOf('another password of a peer')).toBe(false)
  })

  it.each([
    ['cut short', SAMPLE.subarray(0, 60)],
    ['with a byte turned', hex(SAMPLE.toString('hex').replace('6576746a', '6576746b'))],
    ['of another magic', hex(SAMPLE.toString('hex').replace('2112a442', '2112a443'))],
    ['that is an answer', hex(SAMPLE.toString('hex').replace(/^0001/, '0101'))],
    ['with an attribute past its end', hex(SAMPLE.toString('hex').replace('80220010', '8022ff10'))],
  ])('is none %s', (_what, packet) => {
    expect(parseBindingRequest(packet)).toBeUndefined()
  })

  it('is answered with the address that it came from, of either family, as in RFC 5769', () => {
    const transaction = hex('b7e7a701bc34d686fa87dfae')
    const answer = (address: string) =>
      bindingSuccess(transaction, { address, port: 32_853 }, SAMPLE_PASSWORD).toString('hex')
    expect(answer('192.0.2.1')).toContain('002000080001a147e112a643')
    expect(answer('2001:db8:1234:5678:11:2233:4455:6677')).toContain(
      '002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9',
    )
    // ::ffff:192.0.2.1 and ::1, and a link-local one with its interface.
    expect(answer('::1')).toMatch(/002000140002a1472112a442b7e7a701bc34d686fa87dfaf/)
    expect(answer('fe80::1%eth0')).toMatch(/002000140002a147df92a442b7e7a701bc34d686fa87dfaf/)
    expect(answer('::ffff:192.0.2.1')).toMatch(/002000140002a1472112a442b7e7a701bc342979/)
  })
})

describe('ICE lite', () => {
  const ours = createCredentials()
  const user = `${ours.fragment}:them`
  const open = () => {
    const replies: { packet: Buffer; port: number }[] = []
    const ice = new IceLite(ours, (packet, { port }) => replies.push({ packet, port }))
    return { ice, replies }
  }

  it('has credentials as long as they must be, in the characters that they may have', () => {
    expect(ours.fragment).toMatch(/^[A-Za-z0-9+/]{4,256}$/)
    expect(ours.password).toMatch(/^[A-Za-z0-9+/]{22,256}$/)
    expect(createCredentials()).not.toEqual(ours)
  })

  it('answers a right check, and from then on the path is the peer’s', () => {
    const { ice, replies } = open()
    expect(ice.isProven(from(4000))).toBe(false)
    expect(ice.receive(check({ user, password: ours.password }), from(4000))).toBe(true)
    expect(replies.map(({ packet, port }) => [packet.readUInt16BE(0), port])).toEqual([[0x0101, 4000]])
    expect(ice.isProven(from(4000))).toBe(true)
    expect(ice.isProven(from(4001))).toBe(false)
    expect(ice.path).toEqual({ address: '192.0.2.7', port: 4000 })
  })

  it('goes where the peer nominates, and follows it to another path', () => {
    const { ice } = open()
    const { password } = ours
    ice.receive(check({ user, password }), from(4000))
    ice.receive(check({ user, password }), from(5000))
    expect(ice.path?.port).toBe(4000)
    ice.receive(check({ user, password, nominates: true }), from(5000))
    expect(ice.path?.port).toBe(5000)
    ice.receive(check({ user, password }), from(4000))
    expect(ice.path?.port).toBe(5000)
    ice.receive(check({ user, password, nominates: true }), from(4000))
    expect(ice.path?.port).toBe(4000)
  })

  it('is not led away by a check of the peer that somebody sends again from elsewhere', () => {
    const { ice, replies } = open()
    const sent = check({ user, password: ours.password, nominates: true })
    ice.receive(sent, from(4000))
    expect(ice.receive(sent, from(666, '198.51.100.9'))).toBe(false)
    expect(ice.isProven(from(666, '198.51.100.9'))).toBe(false)
    expect(ice.path).toEqual({ address: '192.0.2.7', port: 4000 })
    expect(replies).toHaveLength(1)
    // The peer itself repeats one whose answer got lost.
    expect(ice.receive(sent, from(4000))).toBe(true)
    expect(replies).toHaveLength(2)
  })

  it('says nothing to who has the wrong password or is meant for somebody else, and sends nothing there', () => {
    const { ice, replies } = open()
    expect(ice.receive(check({ user, password: 'x'.repeat(24), nominates: true }), from(4000))).toBe(false)
    const stranger = check({ user: 'zzzz:them', password: ours.password, nominates: true })
    expect(ice.receive(stranger, from(4000))).toBe(false)
    expect(replies).toEqual([])
    expect(ice.path).toBeUndefined()
  })

  it('tells a peer that wants to be controlled that we are', () => {
    const { ice, replies } = open()
    ice.receive(check({ user, password: ours.password, controlled: true }), from(4000))
    expect(replies[0]?.packet.readUInt16BE(0)).toBe(0x0111)
    expect(replies[0]?.packet.toString('latin1')).toContain('Role Conflict')
    expect(ice.path).toBeUndefined()
  })

  it('takes new credentials, and the last ones a while longer', () => {
    const { ice } = open()
    const [second, third] = [createCredentials(), createCredentials()]
    const taken = ({ fragment, password }: typeof ours) =>
      ice.receive(check({ user: `${fragment}:them`, password }), from(4000))
    ice.restart(second)
    expect([taken(ours), taken(second)]).toEqual([true, true])
    ice.restart(third)
    expect([taken(ours), taken(second), taken(third)]).toEqual([false, true, true])
  })

  it('wants both halves of the user name once the peer has told its own, of each generation', () => {
    const { ice } = open()
    const second = createCredentials()
    const taken = ({ fragment, password }: typeof ours, theirs: string) =>
      ice.receive(check({ user: `${fragment}:${theirs}`, password }), from(4000))
    expect(taken(ours, 'early')).toBe(true)
    ice.expect('them')
    expect([taken(ours, 'them'), taken(ours, 'they'), taken(ours, 'themselves')]).toEqual([
      true,
      false,
      false,
    ])
    ice.restart(second)
    ice.expect('anew')
    expect([taken(ours, 'them'), taken(ours, 'anew')]).toEqual([true, false])
    expect([taken(second, 'anew'), taken(second, 'them')]).toEqual([true, false])
  })

  it('remembers no more paths than a peer can have', () => {
    const { ice } = open()
    for (let port = 1; port <= 100; port += 1) {
      ice.receive(check({ user, password: ours.password }), from(port))
    }
    const proven = Array.from({ length: 100 }, (_, index) => ice.isProven(from(index + 1)))
    expect(proven.filter(Boolean)).toHaveLength(16)
    expect(proven[99]).toBe(true)
  })
})
