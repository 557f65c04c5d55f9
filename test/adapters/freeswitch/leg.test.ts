import { expect, it } from 'vitest'
import { invite } from '../../../src/adapters/freeswitch/leg.js'
import type { SrfClient } from '../../../src/adapters/freeswitch/srf.js'
import { quietLog } from './quiet-log.js'

it('an INVITE to FreeSWITCH can be given up although the SIP server went away this moment', async () => {
  const abandon = new AbortController()
  let sent: () => void = () => undefined
  const underWay = new Promise<void>((resolve) => (sent = resolve))
  const srf = {
    createUAC: (
      _uri: string,
      _options: object,
      progress: { cbRequest(error: unknown, request: object): void },
    ) => {
      progress.cbRequest(undefined, {
        cancel: () => {
          throw new Error('no socket')
        },
      })
      sent()
      return new Promise(() => undefined)
    },
  } as unknown as SrfClient
  const connection = { srf, lost: new AbortController().signal }
  const invited = invite(connection, { uri: 'sip:fs', sdp: '', headers: {} }, abandon.signal, quietLog)
  await underWay
  abandon.abort()
  await expect(invited).rejects.toMatchObject({ name: 'MediaError', code: 'lost' })
})
