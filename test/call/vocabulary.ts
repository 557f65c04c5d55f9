import type {
  Contact,
  ContactDestination,
  DeviceDestination,
  OutsideDestination,
} from '../../src/call/destination.js'

/** Where a phone of this name is reached when it registered on this flow. */
export function contactOf(name: string, flow: number): Contact {
  const port = 5000 + flow
  return {
    bindingId: `b-${name}`,
    uri: `sip:${name}@127.0.0.1:${port}`,
    flow: `udp/127.0.0.1:${port}/${flow}`,
  }
}

/** Whose phone it is that has this name. */
export function userOf(name: string): string {
  return name.startsWith('bob') ? 'bob' : 'alice'
}

/** An app: `flow` null where it is not registered. */
export function app(
  name: string,
  flow: number | null,
  {
    wakeable = true,
    asleep = false,
    callsIn = false,
  }: { wakeable?: boolean; asleep?: boolean; callsIn?: boolean } = {},
): DeviceDestination {
  const contact = flow === null ? null : contactOf(name, flow)
  return {
    kind: 'device',
    user: userOf(name),
    device: { deviceId: name, wakeable, callsIn },
    contact,
    asleep,
  }
}

/** A plain phone, without push. */
export function desk(name: string, flow: number): ContactDestination {
  return { kind: 'contact', user: userOf(name), contact: contactOf(name, flow) }
}

export const OTHER_OUTSIDE: OutsideDestination = { kind: 'outside', uri: 'sip:2@127.0.0.1', trunk: 't' }
export const OUTSIDE: OutsideDestination = { kind: 'outside', uri: 'sip:1@127.0.0.1', trunk: 't' }
