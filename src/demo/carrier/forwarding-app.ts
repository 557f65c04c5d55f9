import type { JsonClient } from '../json-client.js'
import type { CellPhone } from './cell-phone.js'

type Exchange = Pick<JsonClient, 'exchange'>

/** As the server answers; codes by condition. */
interface ForwardingBody {
  readonly state: string
  readonly codes: Readonly<Record<string, { readonly set?: string } | undefined>>
}

/**
 * What an app does once: asks for the codes, dials those that set the forwarding, and tells the server whether the
 * network took them. Resolves with the state that the server knows then; rejects where it answers with a problem.
 */
export async function setForwarding(
  phone: CellPhone,
  api: Exchange,
  conditions: readonly string[],
): Promise<string> {
  const path = `/v1/subscribers/${encodeURIComponent(phone.number)}/forwarding`
  const { codes } = await asked(api, { method: 'GET', path })
  const dialled = conditions.map((condition) => phone.dial(codes[condition]?.set ?? ''))
  const result = dialled.every(Boolean) ? 'accepted' : 'refused'
  return (await asked(api, { method: 'PUT', path, body: { result } })).state
}

async function asked(api: Exchange, request: Parameters<Exchange['exchange']>[0]): Promise<ForwardingBody> {
  const { status, body } = await api.exchange(request)
  if (status >= 300)
    throw new Error(`${request.method} ${request.path} got ${status}: ${JSON.stringify(body)}`)
  return body as ForwardingBody
}
