import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import type { Presence } from '../../src/ports/presence.js'
import { dialogInfo } from '../../src/presence/sip/dialog-info.js'
import { pidf } from '../../src/presence/sip/pidf.js'

const PRESENCE: Presence = {
  ...{
    user: 'alice',
    state: 'available',
    set: true,
    note: null,
    since: Date.UTC(2026, 0, 1) * 1000,
    version: 3,
  },
  ...{ registered: true, wakeable: false, inCall: false },
}

/** Elements with their text and attributes, as an XML reader sees them. Throws where it is not well-formed. */
function read(xml: string): { readonly name: string; text: string; readonly attributes: object }[] {
  const elements: { name: string; text: string; attributes: object }[] = []
  const parser = new SaxesParser({ xmlns: true })
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ uri, local, attributes }) => {
    const values = Object.entries(attributes).map(([name, { value }]) => [name, value])
    elements.push({ name: `${uri} ${local}`, text: '', attributes: Object.fromEntries(values) as object })
  })
  parser.on('text', (text) => {
    const last = elements.at(-1)
    if (last !== undefined) last.text += text.trim()
  })
  parser.write(xml).close()
  return elements
}

const PIDF = 'urn:ietf:params:xml:ns:pidf'
const RPID = 'urn:ietf:params:xml:ns:pidf:rpid'

describe('a presence document', () => {
  it.each([
    ['available', 'open', []],
    ['away', 'open', ['away']],
    ['busy', 'open', ['busy']],
    ['do-not-disturb', 'open', ['busy']],
    ['offline', 'closed', []],
  ] as const)('says that a user who is %s is %s', (state, basic, activities) => {
    const elements = read(pidf({ ...PRESENCE, state }, 'sip:alice@example.net'))
    expect(elements.find(({ name }) => name === `${PIDF} basic`)?.text).toBe(basic)
    const told = elements
      .filter(({ name }) => name.startsWith(`${RPID} `))
      .map(({ name }) => name.split(' ')[1])
    expect(told.filter((name) => name !== 'activities')).toEqual(activities)
  })

  it('carries note, time and a call, and survives whatever stands in a note', () => {
    const note = '</note>&"\u0000\ud800 ‘ok’ 😀'
    const elements = read(pidf({ ...PRESENCE, inCall: true, note }, 'sip:a&b@example.net;x="1"'))
    expect(elements[0]?.attributes).toMatchObject({ entity: 'sip:a&b@example.net;x="1"' })
    expect(elements.find(({ name }) => name === `${PIDF} note`)?.text).toBe('</note>&"\ufffd\ufffd ‘ok’ 😀')
    expect(elements.find(({ name }) => name === `${PIDF} timestamp`)?.text).toBe('2026-01-01T00:00:00.000Z')
    expect(elements.some(({ name }) => name === `${RPID} on-the-phone`)).toBe(true)
  })
})

describe('a dialog document', () => {
  it.each([
    ['in a call', { inCall: true }, 'confirmed'],
    ['busy', { state: 'busy' }, 'confirmed'],
    ['not to be disturbed', { state: 'do-not-disturb' }, 'confirmed'],
    ['away', { state: 'away' }, 'terminated'],
    ['available', {}, 'terminated'],
  ] as const)('lights the lamp of a user who is %s as %s', (_name, more, state) => {
    const elements = read(dialogInfo({ ...PRESENCE, ...more }, 'sip:alice@example.net', 7))
    expect(elements[0]?.attributes).toMatchObject({
      version: '7',
      state: 'full',
      entity: 'sip:alice@example.net',
    })
    expect(elements.at(-1)?.text).toBe(state)
  })
})
