export interface RequestLine {
  readonly method: string
  readonly uri: string
}

/** The first line of a request as an app writes it; the version may be left out. */
export function parseRequestLine(startLine: string): RequestLine | undefined {
  const match = /^([A-Za-z0-9\-.!%*_+`'~]+)\s+(\S+)(?:\s+SIP\/2\.0)?$/.exec(startLine)
  return match?.[1] === undefined || match[2] === undefined ? undefined : { method: match[1], uri: match[2] }
}

export interface StatusLine {
  readonly status: number
  readonly reason: string
}

export function parseStatusLine(startLine: string): StatusLine | undefined {
  const match = /^SIP\/2\.0\s+([1-6][0-9]{2})(?:\s+(.*))?$/.exec(startLine)
  return match?.[1] === undefined ? undefined : { status: Number(match[1]), reason: match[2] ?? '' }
}
