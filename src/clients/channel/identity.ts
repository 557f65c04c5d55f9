import type { ClientAddress } from '../../ports/client-messages.js'
import type { DeviceStore } from '../../ports/store.js'
import { type ClientClaims, granted, type Grants } from '../tokens/claims.js'
import type { Tokens } from '../tokens/tokens.js'
import type { CloseCause } from './close-cause.js'

/** Who is at the other end of a channel. */
export interface ChannelIdentity {
  readonly address: ClientAddress
  readonly user: string
  readonly mayInvite: boolean
  readonly grants: Grants
  /** Of the token that it was opened with, or renewed last. */
  readonly tokenId: string
  readonly issuedAt: number
  readonly expiresAt: number
}

/**
 * The app of a client: on the device of its token, or on the one that it names where the token leaves that open.
 *
 * @returns null where that device is not its user's, or not the token's. Rejects with StoreUnavailable.
 */
export async function addressOf(
  { client, user, deviceId }: Pick<ClientClaims, 'client' | 'user' | 'deviceId'>,
  device: string | undefined,
  store: Pick<DeviceStore, 'device'>,
): Promise<ClientAddress | null> {
  if (deviceId !== undefined) {
    return device === undefined || device === deviceId ? { client, device: deviceId } : null
  }
  if (device === undefined) return { client, device: null }
  const known = await store.device(device)
  return known?.user === user ? { client, device } : null
}

/** Who says hello, or why the channel is closed instead. Rejects with StoreUnavailable. */
export async function identify(
  hello: { readonly token: string; readonly device?: string | undefined },
  tokens: Pick<Tokens, 'verifyClient'>,
  store: Pick<DeviceStore, 'device'>,
): Promise<ChannelIdentity | CloseCause> {
  const claims = await tokens.verifyClient(hello.token)
  if ('fault' in claims) return claims.fault === 'expired' ? 'token-expired' : 'bad-token'
  if (!granted(claims, 'channel', 'incoming', 'outgoing', 'presence')) return 'not-allowed'
  const address = await addressOf(claims, hello.device, store)
  if (address === null) return 'not-allowed'
  const { user, grants, jti: tokenId, issuedAt, expiresAt } = claims
  return { address, user, mayInvite: granted(claims, 'invitations'), grants, tokenId, issuedAt, expiresAt }
}

export function sameAddress(a: ClientAddress, b: ClientAddress): boolean {
  return a.client === b.client && a.device === b.device
}
