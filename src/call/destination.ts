/**
 * What a call can be sent to, as the call machine sees it. Plain data: the stores and the registrar extend it.
 */

/** A registered address that an INVITE can be sent to now. Snapshot of a binding. */
export interface Contact {
  readonly bindingId: string
  /** The Request-URI to dial: the Contact URI that the device registered. */
  readonly uri: string
  /**
   * Identity of the flow that the REGISTER came in on (RFC 5626 §2). Two contacts with equal strings are one
   * flow; a device that registers anew after a restart or a network change has a new one, even where host
   * and port look alike.
   */
  readonly flow: string
}

/** One app install, by the identity under which it is woken. */
export interface DeviceRef {
  readonly deviceId: string
  /** It has a live push token. */
  readonly wakeable: boolean
  /** It comes by an INVITE of its own: it is woken at once, and never dialled. */
  readonly callsIn: boolean
}

/** A device of a user, with the binding that it has at the moment, if any. */
export interface DeviceDestination {
  readonly kind: 'device'
  /** Whose it is: the user's word on one phone is its word for all of them. */
  readonly user: string
  readonly device: DeviceRef
  readonly contact: Contact | null
  /** Known to sleep: push at once, even where a binding is alive. */
  readonly asleep: boolean
}

/** A binding that belongs to no device: a desk phone that registered without push parameters. */
export interface ContactDestination {
  readonly kind: 'contact'
  /** Whose it is. */
  readonly user: string
  readonly contact: Contact
}

/** A destination outside: a number or SIP URI through a trunk. */
export interface OutsideDestination {
  readonly kind: 'outside'
  readonly uri: string
  readonly trunk: string
}

export type Destination = DeviceDestination | ContactDestination | OutsideDestination

/** What a dial is sent to. */
export type DialTarget =
  | { readonly kind: 'contact'; readonly contact: Contact }
  | { readonly kind: 'outside'; readonly uri: string; readonly trunk: string }

/** A phone that registered just now. `device`: null for a plain phone. */
export interface Arrival {
  readonly user: string
  readonly device: DeviceRef | null
  readonly contact: Contact
}

export function destinationOf({ user, device, contact }: Arrival): Destination {
  return device === null
    ? { kind: 'contact', user, contact }
    : { kind: 'device', user, device, contact, asleep: false }
}

/** What is known of a phone, brought up to date by its registration. That it calls in is its standing wish. */
export function renewed(known: Destination, arrival: Arrival): Destination {
  return callsIn(known) ? known : destinationOf(arrival)
}

export function callsIn(destination: Destination): boolean {
  return destination.kind === 'device' && destination.device.callsIn
}

/** Whether a destination is the phone that registered. */
export function reaches(destination: Destination, { device, contact }: Arrival): boolean {
  switch (destination.kind) {
    case 'device':
      return device?.deviceId === destination.device.deviceId
    // The same binding is the same phone, even where it registers as a device now.
    case 'contact':
      return destination.contact.bindingId === contact.bindingId
    case 'outside':
      return false
  }
}
