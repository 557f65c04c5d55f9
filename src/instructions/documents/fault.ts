/** A document that is not what it should be: the message says what is wrong, and in which line. */
export class DocumentFault extends Error {
  override readonly name = 'DocumentFault'

  constructor(message: string, line?: number) {
    super(line === undefined ? message : `line ${line}: ${message}`)
  }
}
