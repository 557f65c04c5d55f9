import { bareNumber } from '../../routing/numbers.js'
import { hasControls } from '../../sip-text/scan.js'
import { parseUri } from '../../sip-text/uri.js'
import type { Ring, Whom } from '../verbs.js'
import { Attributes, type Reading } from './attributes.js'
import { DocumentFault } from './fault.js'
import type { XmlElement } from './xml.js'

const KNOWN = ['action', 'method', 'timeout', 'callerId', 'answerOnBridge', 'sequential', 'record']
const LONGEST_RING_S = 600
const MOST_DESTINATIONS = 20

export function dialOf(element: XmlElement, reading: Reading): Ring {
  const attributes = new Attributes(element, KNOWN, reading)
  const record = attributes.text('record') ?? 'do-not-record'
  if (record !== 'do-not-record' && record !== 'false') {
    throw new DocumentFault(`<Dial record="${record}"> is off: this server records no calls`, element.line)
  }
  const action = attributes.text('action')
  return {
    ...{ verb: 'ring', to: destinationsOf(element, reading), unless: [] },
    strategy: attributes.flag('sequential', false) ? 'in-turn' : 'side-by-side',
    timeoutMs: attributes.whole('timeout', 30, 1, LONGEST_RING_S) * 1000,
    callerId: callerIdOf(attributes.text('callerId'), element),
    answerFirst: !attributes.flag('answerOnBridge', false),
    action: action === undefined || action === '' ? null : { to: action, method: attributes.method() },
  }
}

function destinationsOf(element: XmlElement, reading: Reading): readonly Whom[] {
  const nouns = element.children.map((child) => nounOf(child, reading))
  const all = element.text === '' ? nouns : [numberOf(element), ...nouns]
  if (all.length === 0) throw new DocumentFault('<Dial> names nobody', element.line)
  if (all.length > MOST_DESTINATIONS) {
    throw new DocumentFault(`<Dial> has more than ${MOST_DESTINATIONS} destinations`, element.line)
  }
  return all
}

function nounOf(element: XmlElement, reading: Reading): Whom {
  new Attributes(element, [], reading)
  switch (element.name) {
    case 'Number':
      return numberOf(element)
    case 'Client':
      return clientOf(element, reading)
    case 'Sip':
      return sipOf(element, reading)
    default:
      throw new DocumentFault(`<${element.name}> is not known in <Dial>`, element.line)
  }
}

function numberOf({ text, name, line }: XmlElement): Whom {
  const number = bareNumber(text)
  if (number === undefined)
    throw new DocumentFault(`<${name}>: "${text.slice(0, 60)}" is no phone number`, line)
  return { kind: 'number', number, trunk: null }
}

/** Its name is its text, or that of an <Identity> in it. */
function clientOf(element: XmlElement, reading: Reading): Whom {
  const identity = element.children.find(({ name }) => name === 'Identity')
  for (const child of element.children) {
    if (child !== identity) reading.ignored(`line ${child.line}: <${child.name}> in <Client> has no effect`)
  }
  const client = (identity ?? element).text.replace(/^client:/, '')
  if (!/^\S{1,256}$/.test(client) || hasControls(client))
    throw new DocumentFault('<Client> has no name', element.line)
  return { kind: 'client', client }
}

function sipOf({ text, line }: XmlElement, reading: Reading): Whom {
  const uri = parseUri(text)
  if (uri?.kind !== 'sip') throw new DocumentFault(`<Sip>: "${text.slice(0, 60)}" is no SIP URI`, line)
  if (uri.headers !== '') reading.ignored(`line ${line}: the headers in the URI of <Sip> have no effect`)
  return { kind: 'uri', uri: text.split('?')[0] ?? text, trunk: null }
}

function callerIdOf(text: string | undefined, { line }: XmlElement): string | null {
  if (text === undefined || text === '') return null
  const name = bareNumber(text) ?? text.replace(/^(client|sips?):/, '').split('@')[0] ?? ''
  if (/^[A-Za-z0-9_.+*#-]{1,64}$/.test(name)) return name
  throw new DocumentFault(`<Dial callerId="${text.slice(0, 60)}">: expected a number or a name`, line)
}
