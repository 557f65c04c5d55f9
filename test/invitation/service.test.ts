import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { Invitations } from '../../src/invitation/service.js'
import { cycled } from '../call/random.js'
import { accepted, ALICE, draft, invite, Nodes } from './support.js'

/** Until the nodes have told everybody what there was to tell. */
function quiet(...nodes: readonly Invitations[]): Promise<void> {
  return vi.waitFor(() => expect(nodes.map(({ pending }) => pending)).toEqual(nodes.map(() => 0)), {
    interval: 1,
    timeout: 20_000,
  })
}

describe('an invitation to the devices of a user', () => {
  it('reaches each of them by push, with the initiator’s connection data and a token', async () => {
    const site = new Nodes()
    await site.devices('bob', 'b1', 'b2')
    await site.devices('carol', 'c1')
    await site.devices('dave', 'd1')
    const node = site.node()
    const { id, expiresAt, invited } = await invite(node, {
      ...{ endpoints: ['bob', 'carol', 'bob'], note: 'game?', expiresIn: 30 },
    })
    await quiet(node)
    expect(invited).toBe(3)
    expect(site.push.kinds.sort()).toEqual(['b1 invitation', 'b2 invitation', 'c1 invitation'])
    expect(site.push.sent[0]).toMatchObject({
      kind: 'invitation',
      expiresAt,
      collapseKey: id,
      payload: {
        ...{ invitation: id, initiator: 'alice', connection: { offer: 'o' }, note: 'game?' },
        api: 'https://calls.example.com',
        token: expect.stringMatching(`token ${id} [bc][12]`) as unknown,
      },
    })
  })

  it('says where the connection data is when it is too large for a push', async () => {
    const site = new Nodes()
    await site.devices('bob', 'b1')
    const node = site.node()
    const connection = { sdp: '"x"'.repeat(3000) }
    const { id } = await invite(node, { connection })
    await quiet(node)
    const [push] = site.push.sent
    expect(push?.payload).not.toHaveProperty('connection')
    expect(push?.payload).toMatchObject({ connectionUrl: `https://calls.example.com/v1/invitations/${id}` })
    expect(accepted(await node.viewAsDevice(id, 'b1')).connection).toEqual(connection)
    // As FCM counts it, with what its adapter adds.
    expect(Buffer.byteLength(JSON.stringify(push?.payload))).toBeLessThan(4096)
  })

  it('is not pushed to a device whose channel has it, and not to the device that invites', async () => {
    const site = new Nodes()
    await site.devices('bob', 'b1', 'b2')
    site.channels.set('b1', [])
    const node = site.node()
    accepted(await node.create({ ...ALICE, device: 'b2' }, draft()))
    await quiet(node)
    expect(site.push.sent).toEqual([])
    expect(site.channels.get('b1')).toMatchObject([{ type: 'invitation', connection: { offer: 'o' } }])
  })

  it('is over at once where nobody can be told, and tokens that are dead are retired', async () => {
    const site = new Nodes()
    await site.devices('bob', 'b1')
    site.push.outcome = () => ({ kind: 'gone', detail: '410 Unregistered' })
    const node = site.node()
    const { id } = await invite(node)
    await quiet(node)
    expect(await site.told()).toEqual([{ type: 'invitation-ended', invitation: id, why: 'unreachable' }])
    expect(accepted(await node.view(id, 'app-1'))).toMatchObject({
      phase: 'unreachable',
      devices: [{ id: 'b1', state: 'unreachable', detail: '410 Unregistered' }],
    })
    expect((await site.store.device('b1'))?.push).toBeNull()
    expect(await invite(node, { endpoints: ['nobody'] })).toMatchObject({ phase: 'unreachable', invited: 0 })
  })

  it('is pushed again where the service is busy, until the device has answered', async () => {
    const site = new Nodes()
    await site.devices('bob', 'b1')
    site.push.outcome = () => ({ kind: 'retry', detail: '503' })
    const node = site.node()
    const { id } = await invite(node)
    await vi.waitFor(() => expect(site.clock.pending).toBeGreaterThan(1))
    site.clock.advance(400)
    await vi.waitFor(() => expect(site.push.sent).toHaveLength(2))
    accepted(await node.accept(id, 'b1', 1))
    await quiet(node)
    site.clock.advance(30_000)
    expect(site.push.sent).toHaveLength(2)
    expect(await site.told()).toMatchObject([{ type: 'invitation-accepted' }])
  })

  it('is bounded: connection data, open invitations, devices', async () => {
    const site = new Nodes()
    await site.devices('bob', ...Array.from({ length: 101 }, (_, n) => `b${String(n)}`))
    await site.devices('carol', 'c1')
    const node = site.node()
    const large = 'x'.repeat(16 * 1024)
    expect(await node.create(ALICE, draft({ connection: large }))).toMatchObject({ why: 'too-large' })
    expect(await node.create(ALICE, draft())).toMatchObject({ why: 'too-many' })
    const toCarol = { endpoints: ['carol'] }
    const { id } = await invite(node, toCarol)
    expect(await node.accept(id, 'c1', large)).toMatchObject({ why: 'too-large' })
    for (let open = 1; open < 20; open++) await invite(node, toCarol)
    expect(await node.create(ALICE, draft(toCarol))).toMatchObject({ why: 'too-many' })
    expect(accepted(await node.create({ ...ALICE, client: 'other' }, draft(toCarol))).phase).toBe('open')
    await quiet(node)
  })
})

describe('the answers to an invitation', () => {
  it('reach the initiator as they come, and the named device is told, and the others that it is over', async () => {
    const site = new Nodes()
    await site.devices('bob', 'b1', 'b2', 'b3')
    const node = site.node()
    const { id } = await invite(node)
    await quiet(node)
    accepted(await node.accept(id, 'b2', { answer: 2 }))
    accepted(await node.accept(id, 'b1', { answer: 1 }))
    accepted(await node.accept(id, 'b1', { answer: 1 }))
    expect(await site.told()).toEqual([
      ...[2, 1].map((n) => ({
        ...{ type: 'invitation-accepted', invitation: id, device: `b${String(n)}`, user: 'bob' },
        connection: { answer: n },
      })),
    ])
    site.push.sent.length = 0
    const view = accepted(await node.connect(id, 'app-1', ['b1']))
    expect(view.phase).toBe('connected')
    await quiet(node)
    expect(site.push.kinds.sort()).toEqual([
      'b1 invitation-connected',
      'b2 invitation-ended',
      'b3 invitation-ended',
    ])
    expect(site.push.sent.map(({ payload }) => payload)).toEqual(
      expect.arrayContaining([{ invitation: id }, { invitation: id, why: 'elsewhere' }]),
    )
    expect(accepted(await node.viewAsDevice(id, 'b3'))).toMatchObject({ phase: 'connected', state: 'ended' })
  })

  it('are not told by a service that cannot tell endings', async () => {
    const site = new Nodes()
    await site.devices('bob', 'b1')
    site.push.tellsEndings = false
    const node = site.node()
    const { id } = await invite(node)
    accepted(await node.cancel(id, 'app-1'))
    await quiet(node)
    expect(site.push.kinds).not.toContain('b1 invitation-ended')
  })

  it('come from nobody else: another client’s, another device’s', async () => {
    const site = new Nodes()
    await site.devices('bob', 'b1')
    const node = site.node()
    const { id } = await invite(node)
    expect(await node.accept(id, 'c1', 1)).toMatchObject({ why: 'foreign' })
    expect(await node.viewAsDevice(id, 'c1')).toMatchObject({ why: 'foreign' })
    for (const refused of [
      node.view(id, 'app-2'),
      node.cancel(id, 'app-2'),
      node.connect(id, 'app-2', ['b1']),
    ]) {
      expect(await refused).toMatchObject({ why: 'foreign' })
    }
    expect(await node.cancel('nothing', 'app-1')).toMatchObject({ why: 'not-found' })
    await quiet(node)
  })
})

describe('the time of an invitation', () => {
  it('ends it, for the devices and for the initiator', async () => {
    const site = new Nodes()
    await site.devices('bob', 'b1', 'b2')
    const node = site.node()
    node.start()
    const { id } = await invite(node)
    await quiet(node)
    accepted(await node.decline(id, 'b2', 'busy'))
    site.clock.advance(60_000)
    await vi.waitFor(async () => expect(await site.told()).toHaveLength(2))
    expect(await site.told()).toEqual([
      { type: 'invitation-declined', invitation: id, device: 'b2', user: 'bob', reason: 'busy' },
      { type: 'invitation-ended', invitation: id, why: 'expired' },
    ])
    await quiet(node)
    expect(site.push.kinds).toEqual(['b1 invitation', 'b2 invitation', 'b1 invitation-ended'])
  })

  it('ends it after a restart too, and after the death of the node that made it', async () => {
    const site = new Nodes()
    await site.devices('bob', 'b1')
    const first = site.node()
    const { id } = await invite(first)
    await first.close()
    const second = site.node()
    second.start()
    await vi.waitFor(() => expect(site.clock.pending).toBe(1))
    site.clock.advance(30_000)
    await vi.waitFor(() => expect(site.clock.pending).toBe(1))
    site.clock.advance(30_000)
    await vi.waitFor(async () => expect((await site.store.invitation(id))?.invitation.phase).toBe('expired'))
  })

  it('ends it for an accept that comes too late although no timer was in time', async () => {
    const site = new Nodes()
    await site.devices('bob', 'b1')
    const node = site.node({ clock: { now: () => site.clock.now(), after: () => () => undefined } })
    const { id } = await invite(node)
    site.clock.advance(60_000)
    expect(await node.accept(id, 'b1', 1)).toMatchObject({ why: 'over' })
    expect(await site.told()).toEqual([{ type: 'invitation-ended', invitation: id, why: 'expired' }])
    await quiet(node)
  })

  it('lets it be asked for a day after it', async () => {
    const site = new Nodes()
    await site.devices('bob', 'b1')
    const node = site.node()
    const { id } = await invite(node)
    await quiet(node)
    site.clock.advance(80_000_000)
    await node.forget()
    expect(accepted(await node.view(id, 'app-1')).id).toBe(id)
    site.clock.advance(10_000_000)
    await node.forget()
    expect(await node.view(id, 'app-1')).toMatchObject({ why: 'not-found' })
  })
})

/** What may be done to an invitation, by whom; on node 0 or 1. */
type Deed = (nodes: readonly Invitations[], id: string, choose: (most: number) => number) => Promise<unknown>

const DEVICES = ['b1', 'b2', 'b3', 'b4']
const DEEDS: readonly Deed[] = [
  (nodes, id, choose) =>
    nodes[choose(2)]!.accept(id, DEVICES[choose(4)]!, { n: choose(2) }).then(
      (done) => done.kind === 'device',
    ),
  (nodes, id, choose) => nodes[choose(2)]!.decline(id, DEVICES[choose(4)]!, null),
  (nodes, id, choose) => nodes[choose(2)]!.connect(id, 'app-1', [DEVICES[choose(4)]!]),
  (nodes, id, choose) => (choose(4) === 0 ? nodes[choose(2)]!.cancel(id, 'app-1') : Promise.resolve()),
]

it(
  'two nodes that are asked at once take each accept once, tell each end once, and agree',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { minLength: 20, maxLength: 120 }), async (choices) => {
        const choose = cycled(choices)
        const site = new Nodes()
        await site.devices('bob', ...DEVICES)
        // Every turn at the store lets others in between.
        site.store.delayBy(async () => {
          for (let turns = choose(4); turns > 0; turns--) await Promise.resolve()
        })
        const nodes = [site.node(), site.node()] as const
        const { id } = await invite(nodes[0])
        await Promise.all(
          Array.from({ length: 4 + choose(10) }, () => DEEDS[choose(DEEDS.length)]!(nodes, id, choose)),
        )
        await quiet(...nodes)
        site.clock.advance(61_000)
        await nodes[0].accept(id, 'b1', 'late')
        await quiet(...nodes)
        site.store.delayBy(() => Promise.resolve())

        const { invitation } = (await site.store.invitation(id)) ?? {}
        expect(invitation?.phase).not.toBe('open')
        const told = await site.told()
        const of = (type: string, device: string) =>
          told.filter((message) => message['type'] === type && message['device'] === device).length
        for (const device of invitation?.devices ?? []) {
          const ends = site.push.kinds.filter((kind) => kind.startsWith(`${device.id} invitation-`))
          const own = device.state === 'declined'
          expect(ends, device.state).toHaveLength(own ? 0 : 1)
          expect(of('invitation-declined', device.id)).toBe(own ? 1 : 0)
          expect(of('invitation-accepted', device.id)).toBeLessThanOrEqual(1)
          if (device.state === 'connected') expect(of('invitation-accepted', device.id)).toBe(1)
        }
        expect(site.log.at('error')).toEqual([])
        await Promise.all(nodes.map((node) => node.close()))
      }),
      { numRuns: 300 },
    )
  },
)
