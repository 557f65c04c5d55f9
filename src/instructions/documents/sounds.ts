import type { Prompt } from '../verbs.js'
import { Attributes, type Reading } from './attributes.js'
import { DocumentFault } from './fault.js'
import type { XmlElement } from './xml.js'

/** `loop="0"` is for ever, as far as anything is. */
const FOR_EVER = 1000
const LONGEST_PAUSE_S = 600
const LONGEST_TEXT = 4096

export function playOf(element: XmlElement, reading: Reading): Prompt {
  const attributes = new Attributes(element, ['loop', 'digits'], reading)
  if (attributes.text('digits') !== undefined) {
    throw new DocumentFault('<Play digits> is not supported: no digits are sent to the caller', element.line)
  }
  if (element.text === '') throw new DocumentFault('<Play> has no URL', element.line)
  return { sound: { kind: 'url', url: element.text }, times: loop(attributes) }
}

export function sayOf(element: XmlElement, reading: Reading): Prompt {
  if (!reading.speech)
    throw new DocumentFault('<Say> needs a speech engine; none is configured', element.line)
  const attributes = new Attributes(element, ['loop', 'language', 'voice'], reading)
  const text = spoken(element)
  if (text === '' || text.length > LONGEST_TEXT) {
    throw new DocumentFault(`<Say> has no text, or more than ${LONGEST_TEXT} characters`, element.line)
  }
  const [language, voice] = [attributes.text('language') ?? null, attributes.text('voice') ?? null]
  return { sound: { kind: 'speech', text, language, voice }, times: loop(attributes) }
}

/** Milliseconds. */
export function pauseMs(element: XmlElement, reading: Reading): number {
  return new Attributes(element, ['length'], reading).whole('length', 1, 1, LONGEST_PAUSE_S) * 1000
}

function loop(attributes: Attributes): number {
  return attributes.whole('loop', 1, 0, FOR_EVER) || FOR_EVER
}

/** Elements in the text say how it is spoken; the engine gets the text alone. */
function spoken(element: XmlElement): string {
  return [element.text, ...element.children.map(spoken)].filter((each) => each !== '').join(' ')
}
