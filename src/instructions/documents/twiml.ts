import type { Verb } from '../verbs.js'
import { Attributes, type Reading } from './attributes.js'
import { dialOf } from './dial.js'
import { DocumentFault } from './fault.js'
import { gatherOf } from './gather.js'
import { pauseMs, playOf, sayOf } from './sounds.js'
import { parseXml, type XmlElement } from './xml.js'

const MOST_VERBS = 100

/**
 * The verbs of a TwiML document. What is not among ours is refused with its name and line; attributes that have no
 * effect are told to `reading`.
 *
 * @throws {@link DocumentFault}
 */
export function parseTwiml(text: string, reading: Reading): readonly Verb[] {
  const root = parseXml(text)
  if (root.name !== 'Response')
    throw new DocumentFault(`<${root.name}> where <Response> is expected`, root.line)
  if (root.children.length > MOST_VERBS) throw new DocumentFault(`has more than ${MOST_VERBS} verbs`)
  if (root.text !== '') reading.ignored(`line ${root.line}: text in <Response> has no effect`)
  return root.children.map((element) => verbOf(element, reading))
}

function verbOf(element: XmlElement, reading: Reading): Verb {
  switch (element.name) {
    case 'Dial':
      return dialOf(element, reading)
    case 'Play':
      return { verb: 'play', ...playOf(element, reading), answer: true }
    case 'Say':
      return { verb: 'play', ...sayOf(element, reading), answer: true }
    case 'Gather':
      return gatherOf(element, reading)
    case 'Pause':
      return { verb: 'pause', ms: pauseMs(element, reading) }
    case 'Redirect': {
      const to = element.text
      return { verb: 'redirect', to: { to, method: new Attributes(element, ['method'], reading).method() } }
    }
    case 'Reject': {
      const attributes = new Attributes(element, ['reason'], reading)
      const reason = attributes.oneOf('reason', 'rejected', 'rejected', 'busy')
      return { verb: 'reject', status: reason === 'busy' ? 486 : 603 }
    }
    case 'Hangup':
      new Attributes(element, [], reading)
      return { verb: 'hang-up' }
    case 'Record':
      throw new DocumentFault('<Record> is off: this server records no calls', element.line)
    default:
      throw new DocumentFault(`<${element.name}> is not known here`, element.line)
  }
}
