import { randomBytes } from 'node:crypto'
import type { RemoteInfo } from 'node:dgram'
import type { Source } from '../rtp/latch.js'
import { bindingSuccess, parseBindingRequest, roleConflict, type BindingRequest } from './stun.js'

/** What a peer proves with that it read our description (RFC 8445 §5.3). */
export interface IceCredentials {
  /** The user name's half. */
  fragment: string
  password: string
}

/** What checks of one generation are made with. */
interface CredentialPair {
  ours: IceCredentials
  /** The peer's fragment; absent until its description is here. */
  theirs?: string
}

/** 24 and 144 random bits: as many as RFC 8445 §5.3 wants of 24 and 128 at least, in characters that it allows. */
export function createCredentials(): IceCredentials {
  return { fragment: randomBytes(3).toString('hex'), password: randomBytes(18).toString('base64') }
}

/** Paths of one peer that are remembered; a phone has a few networks, and two families of addresses on each. */
const MAX_PATHS = 16
/** Checks of one peer that are remembered: of more than an hour, at one in 2.5 s. */
const MAX_CHECKS = 2000

/**
 * ICE for who can be reached at the address that it names: the peer looks for paths and chooses, and we answer
 * (RFC 8445 §2.5, lite). Nothing is sent to where no right check came from. Who reads a check can send it again from
 * elsewhere, and we do not check back, so each counts only from where it came first.
 *
 *   waiting --check--> proven --check that nominates--> chosen --another that nominates--> chosen
 */
export class IceLite {
  readonly #reply: (packet: Buffer, to: Source) => void
  /** The last ones first; those before them are good until the peer has read the new ones (RFC 8445 §9). */
  #pairs: readonly CredentialPair[]
  readonly #proven = new Set<string>()
  /** Where each transaction came from first. */
  readonly #checks = new Map<string, string>()
  #chosen: Source | undefined

  constructor(credentials: IceCredentials, reply: (packet: Buffer, to: Source) => void) {
    this.#pairs = [{ ours: credentials }]
    this.#reply = reply
  }

  /** Where packets go to; before the peer has chosen, where it was heard from first. */
  get path(): Source | undefined {
    return this.#chosen
  }

  /** Whether packets from there are the peer's. */
  isProven(from: RemoteInfo): boolean {
    return this.#proven.has(keyOf(from))
  }

  /** The peer looks for paths anew. */
  restart(credentials: IceCredentials): void {
    this.#pairs = [{ ours: credentials }, ...this.#pairs].slice(0, 2)
  }

  /** The peer's description is here, with its half of the user name: from then on checks have both (RFC 8445 §7.2.2). */
  expect(theirs: string): void {
    this.#pairs = this.#pairs.map((pair, at) => (at === 0 ? { ours: pair.ours, theirs } : pair))
  }

  /** Takes a packet that looks like STUN. @returns whether it was a check of the peer */
  receive(packet: Buffer, from: RemoteInfo): boolean {
    const request = parseBindingRequest(packet)
    const ours = this.#pairs.find((pair) => request && isOfPair(request.username, pair))?.ours
    if (!request || !ours || !request.isOf(ours.password) || !this.#isFirstHand(request, from)) return false
    const source = { address: from.address, port: from.port }
    if (request.controlled) {
      this.#reply(roleConflict(request.transaction, ours.password), source)
      return true
    }
    this.#prove(from)
    if (request.nominates || !this.#chosen) this.#chosen = source
    this.#reply(bindingSuccess(request.transaction, source, ours.password), source)
    return true
  }

  /** A check that is sent again because its answer got lost comes from where it came before (RFC 8489 §6.2.1). */
  #isFirstHand({ transaction }: BindingRequest, from: RemoteInfo): boolean {
    const [id, source] = [transaction.toString('latin1'), keyOf(from)]
    const first = this.#checks.get(id)
    if (first !== undefined) return first === source
    this.#checks.set(id, source)
    const [oldest] = this.#checks.keys()
    if (this.#checks.size > MAX_CHECKS && oldest !== undefined) this.#checks.delete(oldest)
    return true
  }

  #prove(from: RemoteInfo): void {
    const key = keyOf(from)
    // Put last: what the peer still checks stays.
    this.#proven.delete(key)
    this.#proven.add(key)
    const [oldest] = this.#proven
    if (this.#proven.size > MAX_PATHS && oldest !== undefined) this.#proven.delete(oldest)
  }
}

function isOfPair(username: string, { ours, theirs }: CredentialPair): boolean {
  const half = `${ours.fragment}:`
  return theirs === undefined ? username.startsWith(half) : username === half + theirs
}

function keyOf({ address, port }: RemoteInfo): string {
  return `${address} ${port}`
}
