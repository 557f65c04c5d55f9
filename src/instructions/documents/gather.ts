import { MOST_DIGITS, MOST_PROMPTS } from '../../config/index.js'
import type { Gather, Prompt } from '../verbs.js'
import { Attributes, type Reading } from './attributes.js'
import { DocumentFault } from './fault.js'
import { pauseMs, playOf, sayOf } from './sounds.js'
import type { XmlElement } from './xml.js'

const KNOWN = ['action', 'method', 'timeout', 'finishOnKey', 'numDigits', 'actionOnEmptyResult', 'input']
const LONGEST_WAIT_S = 300

export function gatherOf(element: XmlElement, reading: Reading): Gather {
  const attributes = new Attributes(element, KNOWN, reading)
  const input = attributes.text('input') ?? 'dtmf'
  if (!input.split(/\s+/).includes('dtmf')) {
    throw new DocumentFault(
      `<Gather input="${input}"> needs speech recognition, which is not supported`,
      element.line,
    )
  }
  const finishOn = attributes.text('finishOnKey') ?? '#'
  if (!/^[0-9*#]?$/.test(finishOn)) {
    throw new DocumentFault(
      `<Gather finishOnKey="${finishOn}">: expected a digit, *, # or nothing`,
      element.line,
    )
  }
  if (element.children.length > MOST_PROMPTS) {
    throw new DocumentFault(`<Gather> has more than ${MOST_PROMPTS} prompts`, element.line)
  }
  return {
    ...{ verb: 'gather', times: 1, answer: true, choices: null },
    prompts: element.children.map((child) => promptOf(child, reading)),
    maxDigits: attributes.whole('numDigits', MOST_DIGITS, 1, MOST_DIGITS),
    finishOn: finishOn === '' ? null : finishOn,
    timeoutMs: timeoutMs(attributes),
    // Without one, the document is asked for again.
    action: { to: attributes.text('action') ?? '', method: attributes.method() },
    actionOnEmpty: attributes.flag('actionOnEmptyResult', false),
  }
}

function promptOf(element: XmlElement, reading: Reading): Prompt {
  switch (element.name) {
    case 'Play':
      return playOf(element, reading)
    case 'Say':
      return sayOf(element, reading)
    case 'Pause':
      return { sound: { kind: 'silence', ms: pauseMs(element, reading) }, times: 1 }
    default:
      throw new DocumentFault(`<${element.name}> is not known in <Gather>`, element.line)
  }
}

/** `auto` is of speech. */
function timeoutMs(attributes: Attributes): number {
  return attributes.text('timeout') === 'auto'
    ? 5000
    : attributes.whole('timeout', 5, 1, LONGEST_WAIT_S) * 1000
}
