import type { ClientAddress } from '../../ports/client-messages.js'
import type { DeviceStore } from '../../ports/store.js'
import { type ClientClaims, granted, type Grants } from '../tokens/claims.js'
import type { Refused, Tokens } from '../tokens/tokens.js'
import type { Revocable } from '../tokens/revocations.js'
import type { CloseCause } from './close-cause.js'
import { problem, tokenProblem } from './problems.js'
import type { ChannelProblem } from './server-message.js'

/** Who is at the other end of a channel. */
export interface ChannelIdentity {
  readonly address: ClientAddress
  readonly user: string
  readonly mayInvite: boolean
  readonly grants: Grants
  /** What it was opened with, or renewed last. */
  readonly token: Revocable
  readonly expiresAt: number
}

/** Why a channel is closed rather than greeted. */
export interface NotGreeted {
  readonly cause: CloseCause
  readonly problem: ChannelProblem
}

/** One of these a token must grant for a channel of its own. */
const GRANTS_OF_A_CHANNEL = ['channel', 'incoming', 'outgoing', 'presence'] as const

/** One of these it must grant besides to be that of a device, which is told of calls and answers them. */
export const GRANTS_OF_A_DEVICE = ['channel', 'incoming'] as const

/**
 * Whose messages somebody with one of the grants of a channel gets, by channel or by poll: those of a device only where
 * the token grants that as well; without, those of the client by its name alone, whatever device the token is for.
 *
 * @returns why not. Rejects with StoreUnavailable.
 */
export async function channelAddress(
  claims: Pick<ClientClaims, 'client' | 'user' | 'deviceId' | 'grants'>,
  device: string | undefined,
  store: Pick<DeviceStore, 'device'>,
): Promise<ClientAddress | 'grant-missing' | 'token-foreign'> {
  if (granted(claims, ...GRANTS_OF_A_DEVICE)) {
    return (await addressOf(claims, device, store)) ?? 'token-foreign'
  }
  return device === undefined ? { client: claims.client, device: null } : 'grant-missing'
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

/**
 * Where the initiator of an invitation is told of the answers: where its channel or poll is, if its token opens one of
 * the client alone.
 *
 * @returns null where the device is not the token's, or not to be had with it. Rejects with StoreUnavailable.
 */
export async function initiatorAddress(
  claims: Pick<ClientClaims, 'client' | 'user' | 'deviceId' | 'grants'>,
  device: string | undefined,
  store: Pick<DeviceStore, 'device'>,
): Promise<ClientAddress | null> {
  if (!granted(claims, ...GRANTS_OF_A_CHANNEL)) return addressOf(claims, device, store)
  const address = await channelAddress(claims, device, store)
  return typeof address === 'string' ? null : address
}

/** Who says hello, or why that one is sent away. Rejects with StoreUnavailable. */
export async function identify(
  hello: {
    readonly token: string
    readonly device?: string | undefined
    readonly delivery?: string | undefined
  },
  tokens: Pick<Tokens, 'verifyClient'>,
  store: Pick<DeviceStore, 'device'>,
): Promise<ChannelIdentity | NotGreeted> {
  const claims = await tokens.verifyClient(hello.token)
  if ('fault' in claims) return badToken(claims)
  if (!granted(claims, ...GRANTS_OF_A_CHANNEL)) {
    return notAllowed('grant-missing', `The token does not grant ${GRANTS_OF_A_CHANNEL.join(' or ')}.`)
  }
  if (hello.delivery !== undefined && !granted(claims, ...GRANTS_OF_A_DEVICE)) return notOfADevice()
  const address = await channelAddress(claims, hello.device, store)
  if (address === 'grant-missing') return notOfADevice()
  if (address === 'token-foreign') return notAllowed('token-foreign', 'The device is not the token’s.')
  const { client, user, grants, jti, issuedAt, expiresAt } = claims
  const token = { client, jti, issuedAt }
  return { address, user, mayInvite: granted(claims, 'invitations'), grants, token, expiresAt }
}

function badToken(refused: Refused): NotGreeted {
  const { fault } = refused
  const detail = fault === 'revoked' ? 'The token was revoked.' : 'The token is not taken.'
  const cause = fault === 'expired' ? 'token-expired' : 'bad-token'
  return { cause, problem: problem(tokenProblem(refused), detail).problem }
}

function notOfADevice(): NotGreeted {
  const detail = `For a device the token must grant ${GRANTS_OF_A_DEVICE.join(' or ')}.`
  return notAllowed('grant-missing', detail)
}

function notAllowed(type: 'grant-missing' | 'token-foreign', detail: string): NotGreeted {
  return { cause: 'not-allowed', problem: problem(type, detail).problem }
}

export function sameAddress(a: ClientAddress, b: ClientAddress): boolean {
  return a.client === b.client && a.device === b.device
}
