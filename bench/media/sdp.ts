/** A side that speaks mu-law at this port of loopback, every 20 ms. */
export function sideAt(port: number): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP 0`,
    'a=ptime:20',
    '',
  ].join('\r\n')
}

/** Where a description wants its audio. @throws Error where it has none */
export function audioPort(sdp: string): number {
  const port = Number(/^m=audio (\d+) /m.exec(sdp)?.[1])
  if (!(port > 0)) throw new Error(`no audio in ${JSON.stringify(sdp)}`)
  return port
}
