import { describe, expect, it } from 'vitest'
import { header } from '../../../src/demo/index.js'
import type { PresenceState } from '../../../src/ports/presence.js'
import { Lamp, stateOf } from './lamp.js'
import { sipSite, type SipSite } from './site.js'

const ALICE = 'sip:alice@example.net'
const state = (name: PresenceState) => ({ state: name, note: null, expiresIn: 600_000 })

describe('a phone that subscribes to a user', () => {
  it('is told at once how the user is, and when that changes', async () => {
    const site = await sipSite()
    const lamp = new Lamp(await site.phone('desk'), ALICE)
    const answer = await lamp.subscribe(600)
    expect(answer.status).toBe(202)
    expect(header(answer, 'Expires')).toBe('600')
    expect(header(answer, 'Allow-Events')).toBe('presence, dialog')
    const first = await lamp.next()
    expect(header(first, 'Event')).toBe('presence')
    expect(header(first, 'Content-Type')).toBe('application/pidf+xml')
    expect(stateOf(first)).toMatch(/^active;expires=(600|599)$/)
    expect(first.body).toContain('<basic>closed</basic>')
    await site.presence.set('alice', { ...state('busy'), note: 'on <stage>' })
    const second = await lamp.until('<rpid:busy/>')
    expect(second.body).toContain('<basic>open</basic>')
    expect(second.body).toContain('<note>on &lt;stage&gt;</note>')
    expect(second.body).toContain(`entity="${ALICE}"`)
  })

  it('by a number is told of the user whose number it is', async () => {
    const site = await sipSite()
    await site.presence.set('alice', state('away'))
    const lamp = new Lamp(await site.phone('desk'), 'sip:7000@example.net')
    expect((await lamp.subscribe(600)).status).toBe(202)
    expect((await lamp.next()).body).toContain('<rpid:away/>')
  })

  it('has its lamp lit while the user is in a call', async () => {
    const site = await sipSite()
    const lamp = new Lamp(await site.phone('desk'), ALICE, { event: 'dialog;id=7' })
    await lamp.subscribe(600)
    const first = await lamp.next()
    expect(header(first, 'Event')).toBe('dialog;id=7')
    expect(header(first, 'Content-Type')).toBe('application/dialog-info+xml')
    expect(first.body).toContain('version="0"')
    expect(first.body).toContain('<state>terminated</state>')
    site.presence.inCall('alice', true)
    expect((await lamp.until('confirmed')).body).toContain('version="1"')
    site.presence.inCall('alice', false)
    expect((await lamp.until('terminated')).body).toContain('version="2"')
  })

  it('is told the last of many changes, and not of each', async () => {
    const site = await sipSite({ throttleMs: 300 })
    const lamp = new Lamp(await site.phone('desk'), ALICE)
    await lamp.subscribe(600)
    await lamp.next()
    for (let n = 0; n < 20; n++)
      await site.presence.set('alice', { ...state('busy'), note: `note ${String(n)}.` })
    await lamp.until('note 19.')
    expect(lamp.notified.length).toBeLessThan(10)
  })

  it('refreshes, and is told the state again', async () => {
    const site = await sipSite()
    const lamp = new Lamp(await site.phone('desk'), ALICE)
    await lamp.subscribe(60)
    await lamp.next()
    const answer = await lamp.refresh(1200)
    expect(answer.status).toBe(200)
    expect(header(answer, 'Expires')).toBe('1200')
    expect(stateOf(await lamp.next())).toMatch(/^active;expires=1(200|199)$/)
    expect((await lamp.refresh(5)).status).toBe(423)
    expect(site.notifier.size).toBe(1)
  })

  it('unsubscribes, and nothing is left', async () => {
    const site = await sipSite()
    const lamp = new Lamp(await site.phone('desk'), ALICE)
    await lamp.subscribe(600)
    await lamp.next()
    expect((await lamp.refresh(0)).status).toBe(202)
    expect(stateOf(await lamp.until(''))).toBe('terminated;reason=timeout')
    await expect.poll(() => [site.notifier.size, site.server.stats().dialogs]).toEqual([0, 0])
    expect(site.presence.gauges.watched).toBe(0)
  })

  it('asks once with Expires 0, and gets the state once', async () => {
    const site = await sipSite()
    await site.presence.set('alice', state('away'))
    const lamp = new Lamp(await site.phone('desk'), ALICE)
    expect((await lamp.subscribe(0)).status).toBe(202)
    const only = await lamp.next()
    expect(stateOf(only)).toBe('terminated;reason=timeout')
    expect(only.body).toContain('<rpid:away/>')
    await expect.poll(() => [site.notifier.size, site.server.stats().dialogs]).toEqual([0, 0])
  })

  it('whose subscription expires is told so', async () => {
    const site = await sipSite({ minExpires: 1 })
    const lamp = new Lamp(await site.phone('desk'), ALICE)
    await lamp.subscribe(1)
    await lamp.next()
    expect(stateOf(await lamp.next())).toBe('terminated;reason=timeout')
    await expect.poll(() => site.notifier.size).toBe(0)
  })

  it('that knows nothing of it any more is told no more, and nothing is left', async () => {
    const site = await sipSite()
    const lamp = new Lamp(await site.phone('desk'), ALICE)
    await lamp.subscribe(600)
    await lamp.next()
    lamp.answer = 481
    await site.presence.set('alice', state('busy'))
    await expect.poll(() => [site.notifier.size, site.server.stats().dialogs]).toEqual([0, 0])
  })

  it('that refreshes what is over is told that there is no such subscription', async () => {
    const site = await sipSite()
    const lamp = new Lamp(await site.phone('desk'), ALICE)
    await lamp.subscribe(0)
    await lamp.next()
    await expect.poll(() => site.server.stats().dialogs).toBe(0)
    expect((await lamp.refresh(600)).status).toBe(481)
  })

  it('that asks to be told later stays subscribed', async () => {
    const site = await sipSite()
    const lamp = new Lamp(await site.phone('desk'), ALICE)
    await lamp.subscribe(600)
    await lamp.next()
    lamp.answer = 503
    await site.presence.set('alice', state('busy'))
    await lamp.next()
    lamp.answer = 200
    await site.presence.set('alice', state('away'))
    await lamp.until('<rpid:away/>')
    expect(site.notifier.size).toBe(1)
  })

  it('subscribes anew when the server goes away', async () => {
    const site = await sipSite()
    const lamp = new Lamp(await site.phone('desk'), ALICE)
    await lamp.subscribe(600)
    await lamp.next()
    await site.notifier.close()
    expect(stateOf(await lamp.next())).toBe('terminated;reason=deactivated')
    await expect.poll(() => site.server.stats().dialogs).toBe(0)
    expect((await new Lamp(await site.phone('desk2'), ALICE).subscribe(600)).status).toBe(503)
  })

  it('is told when the database is away, without a state, and of the state when it is back', async () => {
    const site = await sipSite()
    let away = true
    site.store.failWhile(() => away)
    const lamp = new Lamp(await site.phone('desk'), ALICE)
    await lamp.subscribe(600)
    const first = await lamp.next()
    expect([stateOf(first).split(';')[0], first.body]).toEqual(['active', ''])
    away = false
    expect((await lamp.next()).body).toContain('<basic>closed</basic>')
  })
})

describe('a SUBSCRIBE that cannot be served', () => {
  it.each([
    ['to another event', { event: 'message-summary' }, 489, ['Allow-Events', 'presence, dialog']],
    ['to an event with a broken parameter', { event: 'presence;=' }, 489, undefined],
    [
      'that takes another document',
      { headers: { Accept: 'text/plain' } },
      406,
      ['Accept', 'application/pidf+xml'],
    ],
    [
      'that requires what we do not have',
      { headers: { Require: 'eventlist' } },
      420,
      ['Unsupported', 'eventlist'],
    ],
  ] as const)('%s is refused with what there is', async (_name, options, status, told) => {
    const site = await sipSite()
    const lamp = new Lamp(await site.phone('desk'), ALICE, options)
    const answer = await lamp.subscribe(600)
    expect(answer.status).toBe(status)
    if (told !== undefined) expect(header(answer, told[0])).toBe(told[1])
    expect(site.server.stats().dialogs).toBe(0)
  })

  it('for too short a time is refused with the shortest', async () => {
    const site = await sipSite()
    const answer = await new Lamp(await site.phone('desk'), ALICE).subscribe(10)
    expect([answer.status, header(answer, 'Min-Expires')]).toEqual([423, '60'])
  })

  it('to a group or nobody is refused', async () => {
    const site = await sipSite()
    expect((await new Lamp(await site.phone('desk'), 'sip:sales@example.net').subscribe(600)).status).toBe(
      404,
    )
    expect((await new Lamp(await site.phone('desk2'), 'sip:example.net').subscribe(600)).status).toBe(404)
  })

  it('beyond the number of subscriptions is put off', async () => {
    const site = await sipSite({ most: 1 })
    await new Lamp(await site.phone('desk'), ALICE).subscribe(600)
    const answer = await new Lamp(await site.phone('desk2'), ALICE).subscribe(600)
    expect([answer.status, header(answer, 'Retry-After')]).toEqual([503, '10'])
  })
})

describe('who may subscribe', () => {
  it('of phones behind no trunk: a user by password, to those that the configuration names', async () => {
    const site = await sipSite()
    site.trusted = false
    site.watches.set('bob', ['alice'])
    const stranger = await new Lamp(await site.phone('bob'), ALICE).subscribe(600)
    expect(stranger.status).toBe(401)
    expect(header(stranger, 'WWW-Authenticate')).toContain('Digest')
    expect((await new Lamp(await site.phone('bob', 'wrong'), ALICE).subscribe(600)).status).toBe(401)
    const bob = await site.phone('bob', 'secret')
    expect((await new Lamp(bob, ALICE).subscribe(600)).status).toBe(202)
    expect((await new Lamp(bob, 'sip:bob@example.net').subscribe(600)).status).toBe(202)
    expect((await new Lamp(bob, 'sip:carol@example.net').subscribe(600)).status).toBe(403)
  })

  it.each<[string, (site: SipSite) => void]>([
    ['has another password', ({ passwords }) => passwords.set('bob', 'another')],
    ['is a user no more', ({ passwords }) => passwords.delete('bob')],
    ['is not to watch any more', ({ watches }) => watches.delete('bob')],
  ])('no user by password that %s: it is told so, and no state', async (_name, happens) => {
    const site = await sipSite()
    site.trusted = false
    site.watches.set('bob', ['alice'])
    const lamp = new Lamp(await site.phone('bob', 'secret'), ALICE)
    await lamp.subscribe(600)
    await lamp.next()
    site.notifier.recheck()
    expect((await lamp.refresh(600)).status).toBe(200)
    expect(stateOf(await lamp.next())).toMatch(/^active/)
    happens(site)
    site.notifier.recheck()
    const last = await lamp.next()
    expect([stateOf(last), last.body]).toEqual(['terminated;reason=rejected', ''])
    await expect.poll(() => [site.notifier.size, site.server.stats().dialogs]).toEqual([0, 0])
  })

  it('phones behind no trunk that has ceased to be trusted', async () => {
    const site = await sipSite()
    const lamp = new Lamp(await site.phone('desk'), ALICE)
    await lamp.subscribe(600)
    await lamp.next()
    site.trusted = false
    expect((await lamp.refresh(600)).status).toBe(403)
    expect(stateOf(await lamp.next())).toBe('terminated;reason=rejected')
  })

  it('a client by its token until that is revoked, and nothing of what happens from then on', async () => {
    const site = await sipSite()
    site.trusted = false
    const subscribed = async (jti: string): Promise<Lamp> => {
      const token = await site.tokens.mintClient({
        ...{ client: 'app', user: 'bob', expiresAt: site.clock.now() + 3_600_000_000, jti },
        grants: { presence: { read: ['alice'] } },
      })
      const lamp = new Lamp(await site.phone('bob'), ALICE)
      expect((await lamp.subscribe(600, { Authorization: `Bearer ${token}` })).status).toBe(202)
      await lamp.next()
      return lamp
    }
    const [told, refreshing, other] = [await subscribed('a'), await subscribed('b'), await subscribed('c')]
    site.revoked.add('a').add('b')
    expect((await refreshing.refresh(600)).status).toBe(403)
    expect(stateOf(await refreshing.next())).toBe('terminated;reason=rejected')
    site.notifier.recheck()
    const last = await told.next()
    expect([stateOf(last), last.body]).toEqual(['terminated;reason=rejected', ''])
    await site.presence.set('alice', state('busy'))
    await other.until('<rpid:busy/>')
    expect(site.notifier.size).toBe(1)
    expect(told.notified.concat(refreshing.notified).some(({ body }) => body.includes('busy'))).toBe(false)
  })

  it('a client by its token, to those that it grants, and no longer than it lasts', async () => {
    const site = await sipSite()
    site.trusted = false
    const token = (read: readonly string[] | undefined, seconds = 3600) =>
      site.tokens.mintClient({
        ...{ client: 'app', user: 'bob', expiresAt: site.clock.now() + seconds * 1_000_000 },
        grants: read === undefined ? { channel: true } : { presence: { read } },
      })
    const ask = async (shown: string, uri = ALICE) =>
      new Lamp(await site.phone('bob'), uri).subscribe(600, { Authorization: `Bearer ${shown}` })
    expect((await ask(await token(['alice']))).status).toBe(202)
    const brief = await ask(await token(['*'], 100))
    expect(brief.status).toBe(202)
    expect(Number(header(brief, 'Expires'))).toBeLessThanOrEqual(101)
    const foreign = await ask(await token(['carol']))
    expect(foreign.status).toBe(403)
    expect(header(foreign, 'WWW-Authenticate')).toContain('error="insufficient_scope"')
    const ungranted = await ask(await token(undefined))
    expect(ungranted.status).toBe(403)
    expect(header(ungranted, 'WWW-Authenticate')).toContain('scope="presence"')
    const altered = await ask(`${(await token(['*'])).slice(0, -4)}AAAA`)
    expect(altered.status).toBe(401)
    expect(header(altered, 'WWW-Authenticate')).toBeDefined()
  })
})
