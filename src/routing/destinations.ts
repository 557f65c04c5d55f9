import type { Destination } from '../call/destination.js'
import { type Binding, canBeWoken, type Device } from '../ports/store.js'
import type { Sleepers } from './sleepers.js'

/** Every device with its newest binding (RFC 5626 §7: one contact of an instance at a time), then the plain phones. */
export function destinations(
  devices: readonly Device[],
  bindings: readonly Binding[],
  sleepers: Sleepers,
): readonly Destination[] {
  const newest = [...bindings].sort((a, b) => b.registeredAt - a.registeredAt)
  const ofDevices = devices.map((device): Destination => {
    const contact = newest.find((b) => b.deviceId === device.id) ?? null
    const wakeable = canBeWoken(device)
    const asleep = contact !== null && sleepers.asleep(contact)
    const ref = { deviceId: device.id, wakeable, callsIn: device.callsIn === true }
    return { kind: 'device', user: device.user, device: ref, contact, asleep }
  })
  const known = new Set(devices.map((d) => d.id))
  const plain = newest
    .filter((b) => b.deviceId === null || !known.has(b.deviceId))
    .map((contact): Destination => ({ kind: 'contact', user: contact.user, contact }))
  return [...ofDevices.filter(canBeReached), ...plain]
}

/** A device that cannot be woken and that is not registered would only make the list longer. */
function canBeReached(destination: Destination): boolean {
  return destination.kind !== 'device' || destination.device.wakeable || destination.contact !== null
}
