import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClientAddress, NewClientMessage, QueueLimits } from '../../src/ports/client-messages.js'
import type { Invitation } from '../../src/ports/invitations.js'
import type { Store } from '../../src/ports/store.js'
import { fresh, someDevice, type StoreUnderTest } from './store.contract.js'

/** 2026-01-01, in microseconds. */
const NOW = Date.UTC(2026, 0, 1) * 1000
const LATER = NOW + 60_000_000
const LIMITS: QueueLimits = { messages: 100, bytes: 100_000 }

function someone(device: string | null = null): ClientAddress {
  return { client: fresh('client'), device }
}

function message(to: ClientAddress, text: string, expiresAt = LATER): NewClientMessage {
  return { to, body: JSON.stringify({ type: 'test', text }), expiresAt }
}

export function someInvitation(more: Partial<Invitation> = {}): Invitation {
  return {
    id: fresh('invitation'),
    initiator: { ...someone(fresh('device')), user: 'alice' },
    endpoints: ['bob'],
    connection: { z: 1, a: ['"\0\ud800', null], z2: 0.1 },
    note: 'hello',
    createdAt: NOW,
    expiresAt: LATER,
    phase: 'open',
    devices: [{ id: 'd1', user: 'bob', state: 'invited' }],
    ...more,
  }
}

/** What every store does for clients and invitations. */
export function clientsContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`clients and invitations in the store on ${name}`, () => {
    let subject: StoreUnderTest
    let store: Store
    beforeAll(async () => {
      subject = await open()
      store = subject.store
    })
    afterAll(() => subject.dispose())

    queueContract(() => store)
    channelContract(
      () => store,
      async () => {
        store = await subject.restart()
      },
    )
    invitationContract(() => store)
  })
}

function queueContract(store: () => Store): void {
  const put = async (...messages: NewClientMessage[]) => {
    const numbered = await store().putMessages(messages, LIMITS)
    return numbered.map(({ seq }) => seq)
  }
  const textsOf = async (who: ClientAddress, after = 0, now = NOW, limit = 100) => {
    const messages = await store().messagesAfter(who, after, now, limit)
    return messages.map(({ seq, body }) => [seq, (JSON.parse(body) as { text: string }).text])
  }

  it('numbers the messages of a client from 1, and those of each client apart', async () => {
    const [ann, ben] = [someone(), someone('phone')]
    expect(await put(message(ann, 'a'), message(ben, 'b'), message(ann, 'c'))).toEqual([1, 1, 2])
    expect(await textsOf(ann)).toEqual([
      [1, 'a'],
      [2, 'c'],
    ])
    expect(await textsOf(ben)).toEqual([[1, 'b']])
    expect(await textsOf({ ...ben, device: null })).toEqual([])
  })

  it('gives a message back to the letter', async () => {
    const who = someone()
    const body = '{"b":1,"a":1.0,"text":"\\u0000 \\ud800 ü 😀"}'
    await store().putMessages([{ to: who, body, expiresAt: LATER }], LIMITS)
    expect(await store().messagesAfter(who, 0, NOW, 1)).toEqual([{ seq: 1, body }])
  })

  it('reads on from a number, a page at a time, and passes over what has expired', async () => {
    const who = someone()
    await put(message(who, 'a'), message(who, 'b', NOW), message(who, 'c'), message(who, 'd'))
    expect(await textsOf(who, 0, NOW, 2)).toEqual([
      [1, 'a'],
      [3, 'c'],
    ])
    expect(await textsOf(who, 3)).toEqual([[4, 'd']])
    expect(await textsOf(who, 4)).toEqual([])
  })

  it('numbers what many write at once without a gap', async () => {
    const who = someone()
    const texts = Array.from({ length: 40 }, (_, n) => `m${String(n)}`)
    const seqs = await Promise.all(texts.map((text) => put(message(who, text))))
    expect(seqs.flat().sort((a, b) => a - b)).toEqual(texts.map((_, n) => n + 1))
    expect(await textsOf(who)).toHaveLength(40)
  })

  it('keeps no message that the client has, and takes no acknowledgement back', async () => {
    const who = someone()
    await put(message(who, 'a'), message(who, 'b'), message(who, 'c'))
    await store().acknowledge(who, 2)
    await store().acknowledge(who, 1)
    expect(await textsOf(who)).toEqual([[3, 'c']])
    expect(await store().greet({ address: who, user: 'alice' }, NOW, null)).toMatchObject({
      last: 3,
      acked: 2,
    })
    await store().acknowledge(who, 1000)
    await put(message(who, 'd'))
    expect(await textsOf(who)).toEqual([[4, 'd']])
  })

  it('drops the oldest messages of a client that are too many or too large, and counts them', async () => {
    const who = someone()
    const few = { messages: 3, bytes: 1000 }
    for (const text of ['a', 'b', 'c', 'd', 'e']) await store().putMessages([message(who, text)], few)
    expect(await textsOf(who)).toEqual([
      [3, 'c'],
      [4, 'd'],
      [5, 'e'],
    ])
    await store().putMessages([message(who, 'x'.repeat(950))], few)
    expect(await textsOf(who)).toEqual([[6, 'x'.repeat(950)]])
    expect((await store().greet({ address: who, user: 'alice' }, NOW, null)).lost).toBe(5)
    expect((await store().greet({ address: who, user: 'alice' }, NOW, null)).lost).toBe(0)
  })

  it('deletes messages that have expired, and clients that are long gone, and begins anew with them', async () => {
    const [old, waiting] = [someone(), someone()]
    for (const address of [old, waiting]) await store().greet({ address, user: 'alice' }, NOW - 10, null)
    await put(message(old, 'a', NOW), message(waiting, 'b', LATER))
    await store().dropOldMessages(NOW, NOW)
    expect(await textsOf(old, 0, NOW - 1)).toEqual([])
    expect(await put(message(old, 'c'), message(waiting, 'd'))).toEqual([1, 2])
  })
}

function channelContract(store: () => Store, restart: () => Promise<void>): void {
  async function phone(): Promise<{ device: string; user: string }> {
    const { id: device, user } = someDevice()
    await store().putDevice({ ...someDevice(), id: device, user })
    return { device, user }
  }
  const offer = async (device: string) => {
    const numbered = await store().putToOpenChannels(device, '{"type":"offer"}', LATER, LIMITS)
    return numbered.map(({ to, seq }) => [to.client, seq])
  }

  it('writes an offer to the open channels of a device, and to nobody else', async () => {
    const { device, user } = await phone()
    const [open, polls, elsewhere] = [someone(device), someone(device), someone(fresh('device'))]
    await store().greet({ address: open, user }, NOW, 'c1')
    await store().greet({ address: polls, user }, NOW, null)
    await store().greet({ address: elsewhere, user }, NOW, 'c2')
    expect(await offer(device)).toEqual([[open.client, 1]])
    await store().closeChannel(open, 'c1', NOW)
    expect(await offer(device)).toEqual([])
  })

  it('counts the channels of a client, and closes none that has replaced the one that is closed', async () => {
    const { device, user } = await phone()
    const address = someone(device)
    expect((await store().greet({ address, user }, NOW, 'c1')).channels).toBe(1)
    expect((await store().greet({ address, user }, NOW, null)).channels).toBe(1)
    expect((await store().greet({ address, user }, NOW, 'c2')).channels).toBe(2)
    await store().closeChannel(address, 'c1', NOW)
    expect(await offer(device)).toHaveLength(1)
  })

  it('knows since when a client has no channel', async () => {
    const { device, user } = await phone()
    const address = someone(device)
    expect(await store().awaySince(address)).toBe(0)
    await store().greet({ address, user }, NOW, 'c1')
    expect(await store().awaySince(address)).toBeNull()
    await store().greet({ address, user }, NOW + 1, 'c2')
    await store().closeChannel(address, 'c1', NOW + 2)
    expect(await store().awaySince(address)).toBeNull()
    await store().closeChannel(address, 'c2', NOW + 3)
    expect(await store().awaySince(address)).toBe(NOW + 3)
    await store().greet({ address, user }, NOW + 4, null)
    expect(await store().awaySince(address)).toBe(NOW + 4)
  })

  it('tells a device that has changed hands nothing over the channels of its former user', async () => {
    const { device, user } = await phone()
    await store().greet({ address: someone(device), user }, NOW, 'c1')
    await store().putDevice({ ...someDevice({ user: fresh('user') }), id: device })
    expect(await offer(device)).toEqual([])
    const times = { seenSince: 0, expiresAt: LATER }
    expect(await store().putToDevice(device, '{}', times, LIMITS)).toEqual([])
  })

  it('tells every client of a device that was there lately', async () => {
    const { device, user } = await phone()
    const [late, old] = [someone(device), someone(device)]
    await store().greet({ address: late, user }, NOW, null)
    await store().greet({ address: old, user }, NOW - 1, 'c1')
    const times = { seenSince: NOW, expiresAt: LATER }
    const told = await store().putToDevice(device, '{"type":"ended"}', times, LIMITS)
    expect(told).toEqual([{ to: late, seq: 1 }])
    expect(await store().messagesAfter(late, 0, NOW, 10)).toEqual([{ seq: 1, body: '{"type":"ended"}' }])
  })

  it('keeps messages over a restart, and no channel of the life before', async () => {
    const { device, user } = await phone()
    const address = someone(device)
    await store().greet({ address, user }, NOW, 'c1')
    expect(await offer(device)).toEqual([[address.client, 1]])
    await restart()
    expect(await offer(device)).toEqual([])
    expect(await store().messagesAfter(address, 0, NOW, 10)).toHaveLength(1)
  })
}

function invitationContract(store: () => Store): void {
  const put = (invitation: Invitation, version: number | null, ...messages: NewClientMessage[]) =>
    store().putInvitation(invitation, version, messages, LIMITS)

  it('gives an invitation back as it was put, with its version', async () => {
    const invitation = someInvitation()
    expect(await put(invitation, null)).toEqual([])
    expect(await store().invitation(invitation.id)).toEqual({ invitation, version: 1 })
    const accepted: Invitation = {
      ...invitation,
      devices: [{ id: 'd1', user: 'bob', state: 'accepted', connection: [1, '\0'] }],
    }
    expect(await put(accepted, 1)).toEqual([])
    expect(await store().invitation(invitation.id)).toEqual({ invitation: accepted, version: 2 })
    expect(await store().invitation('nothing')).toBeNull()
  })

  it('lets one of many change a version, and writes the messages of that one only', async () => {
    const invitation = someInvitation()
    await put(invitation, null)
    const to = invitation.initiator
    const tries = Array.from({ length: 10 }, (_, n) =>
      put({ ...invitation, note: `try ${String(n)}` }, 1, message(to, String(n))),
    )
    const won = (await Promise.all(tries)).flatMap((numbered, n) => (numbered === null ? [] : [n]))
    expect(won).toHaveLength(1)
    expect((await store().invitation(invitation.id))?.invitation.note).toBe(`try ${String(won[0])}`)
    const messages = await store().messagesAfter(to, 0, NOW, 10)
    expect(messages.map(({ body }) => body)).toEqual([message(to, String(won[0])).body])
  })

  it('makes an invitation once', async () => {
    const invitation = someInvitation()
    expect(await put(invitation, null)).toEqual([])
    expect(await put(invitation, null, message(invitation.initiator, 'x'))).toBeNull()
    expect(await store().messagesAfter(invitation.initiator, 0, NOW, 10)).toEqual([])
  })

  it('knows which open invitations are due, how many a client has, and drops old ones', async () => {
    // Other tests have theirs at other times.
    const [first, second] = [someInvitation({ expiresAt: 1000 }), someInvitation({ expiresAt: 2000 })]
    const over = someInvitation({ expiresAt: 500, phase: 'cancelled' })
    for (const each of [second, first, over]) await put(each, null)
    expect(await store().nextInvitationExpiry()).toBe(1000)
    expect(await store().dueInvitations(999, 10)).toEqual([])
    expect(await store().dueInvitations(2000, 10)).toEqual([first.id, second.id])
    expect(await store().dueInvitations(2000, 1)).toEqual([first.id])
    expect(await store().countOpenInvitations(first.initiator.client)).toBe(1)
    expect(await store().countOpenInvitations(over.initiator.client)).toBe(0)
    await store().dropInvitations(2000)
    expect(await store().invitation(over.id)).toBeNull()
    expect(await store().invitation(second.id)).not.toBeNull()
    await store().dropInvitations(2001)
  })
}
