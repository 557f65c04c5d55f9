/** A SIP message as a peer of the tests sees it: text, read without the code under test. */
export class Text {
  constructor(readonly raw: string) {}

  get startLine(): string {
    return this.raw.slice(0, this.raw.indexOf('\r\n'))
  }

  get method(): string {
    return this.isResponse ? '' : (this.startLine.split(' ')[0] ?? '')
  }

  get uri(): string {
    return this.startLine.split(' ')[1] ?? ''
  }

  get isResponse(): boolean {
    return this.raw.startsWith('SIP/2.0')
  }

  get status(): number {
    return this.isResponse ? Number(this.startLine.split(' ')[1]) : 0
  }

  get body(): string {
    return this.raw.slice(this.raw.indexOf('\r\n\r\n') + 4)
  }

  /** Values of a header, one a line. */
  all(name: string): string[] {
    const head = this.raw.slice(0, this.raw.indexOf('\r\n\r\n'))
    return head
      .split('\r\n')
      .slice(1)
      .filter((line) => line.slice(0, line.indexOf(':')).toLowerCase() === name.toLowerCase())
      .map((line) => line.slice(line.indexOf(':') + 1).trim())
  }

  get(name: string): string {
    return this.all(name)[0] ?? ''
  }

  param(name: string, param: string): string {
    return new RegExp(`;${param}=([^;>\\s]+)`).exec(this.get(name))?.[1] ?? ''
  }

  /** Number and method of CSeq. */
  get cseq(): string {
    return this.get('cseq')
  }

  get toTag(): string {
    return this.param('to', 'tag')
  }

  get fromTag(): string {
    return this.param('from', 'tag')
  }

  get branch(): string {
    return this.param('via', 'branch')
  }
}

export interface ReplyOptions {
  tag?: string
  headers?: string[]
  body?: string
  reason?: string
}

/** A response that a peer sends to a request it got. */
export function reply(request: Text, status: number, options: ReplyOptions = {}): string {
  const tag = options.tag !== undefined && request.toTag === '' ? `;tag=${options.tag}` : ''
  const body = options.body ?? ''
  return [
    `SIP/2.0 ${status} ${options.reason ?? 'Reason'}`,
    ...request.all('via').map((via) => `Via: ${via}`),
    ...(status > 100 && status < 300 ? request.all('record-route').map((rr) => `Record-Route: ${rr}`) : []),
    `From: ${request.get('from')}`,
    `To: ${request.get('to')}${tag}`,
    `Call-ID: ${request.get('call-id')}`,
    `CSeq: ${request.cseq}`,
    ...(options.headers ?? []),
    ...(body === '' || options.headers?.some((line) => /^content-type:/i.test(line))
      ? []
      : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}

export const SDP =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n'
