import { SaxesParser } from 'saxes'
import { DocumentFault } from './fault.js'

/** Lines count from 1. */
export interface XmlElement {
  readonly name: string
  readonly line: number
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** All text that is in it itself, its white space folded. */
  readonly text: string
}

interface Open {
  readonly name: string
  readonly line: number
  readonly attributes: ReadonlyMap<string, string>
  readonly children: XmlElement[]
  text: string
}

const MOST_ELEMENTS = 500
const DEEPEST = 8

/**
 * The root element of a document. There is no DTD, and no entity but the five of XML itself (XML 1.0 §4.6): nothing in
 * it grows, and nothing is fetched.
 *
 * @throws {@link DocumentFault} where it is not well-formed, or has too many elements
 */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser({ position: true })
  const open: Open[] = []
  let root: XmlElement | undefined
  let elements = 0
  // The parser says `line:column: what`.
  parser.on('error', ({ message }) => {
    throw new DocumentFault(`is no XML: ${message.replace(/^\d+:\d+: /, '')}`, parser.line)
  })
  parser.on('doctype', () => {
    throw new DocumentFault('has a DTD, which is not read', parser.line)
  })
  // At `opentag` the line is that of the tag's end.
  let line = 1
  parser.on('opentagstart', () => (line = parser.line))
  parser.on('opentag', ({ name, attributes }) => {
    if (++elements > MOST_ELEMENTS) throw new DocumentFault(`has more than ${MOST_ELEMENTS} elements`, line)
    if (open.length === DEEPEST) throw new DocumentFault(`<${name}> is nested too deep`, line)
    open.push({ name, line, attributes: new Map(Object.entries(attributes)), children: [], text: '' })
  })
  const addText = (more: string): void => {
    const element = open.at(-1)
    if (element !== undefined) element.text += more
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => {
    const element = open.pop()
    if (element === undefined) return
    const closed = { ...element, text: element.text.replace(/\s+/g, ' ').trim() }
    const parent = open.at(-1)
    if (parent === undefined) root = closed
    else parent.children.push(closed)
  })
  parser.write(text).close()
  if (root === undefined) throw new DocumentFault('is empty')
  return root
}
