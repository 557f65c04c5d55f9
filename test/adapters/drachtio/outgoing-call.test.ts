import { describe, expect, it } from 'vitest'
import { dial } from '../../../src/adapters/drachtio/outgoing-call.js'
import type { Request, SrfClient, UacProgress } from '../../../src/adapters/drachtio/srf.js'
import type { DialRequest } from '../../../src/ports/signaling.js'
import { quietLog } from '../freeswitch/quiet-log.js'

const request: DialRequest = {
  uri: 'sip:alice@127.0.0.1:9',
  callId: 'call',
  from: '<sip:+15550000@example.net>',
  to: '<sip:alice@example.net>',
  sdp: 'v=0',
  headers: [],
  progressed: () => undefined,
}

/** A library that has sent our INVITE, and whose connection is gone by the time that it is to be cancelled. */
function dialled() {
  const lost = new AbortController()
  let cancels = 0
  const cancel = (): void => {
    cancels += 1
    throw new Error('no socket')
  }
  const createUAC = (_uri: string, _options: object, progress: UacProgress): void => {
    progress.cbRequest(undefined, { cancel } as unknown as Request)
  }
  const srf = { createUAC } as unknown as SrfClient
  const call = dial(srf, request, lost.signal, quietLog, () => {
    throw new Error('nobody answers')
  })
  return { call, lost, cancels: () => cancels }
}

const failed = (status: number) => expect.objectContaining({ name: 'SipFailure', status }) as Error

describe('an INVITE of ours, when its SIP server goes away', () => {
  it('has failed with 503, and is not cancelled any more', async () => {
    const { call, lost, cancels } = dialled()
    lost.abort()
    call.cancel('SIP;cause=503')
    await expect(call.answered).rejects.toEqual(failed(503))
    expect(cancels()).toBe(0)
  })

  it('can be cancelled before that is known, and fails once it is', async () => {
    const { call, lost, cancels } = dialled()
    call.cancel('SIP;cause=487')
    expect(cancels()).toBe(1)
    lost.abort()
    await expect(call.answered).rejects.toEqual(failed(503))
  })
})
