import { parseNameAddr } from '../sip-text/name-addr.js'
import { parseUri, sameSipUri } from '../sip-text/uri.js'
import type { RequestedContact } from './contact.js'
import type { Binding } from '../ports/store.js'

/**
 * The bindings that a contact registers anew, the one that it continues first. A contact is the same binding by
 *
 * - instance and reg-id (RFC 5626 §6): another reg-id of the instance is another flow of it, and stays;
 * - instance alone, where it has no reg-id: the app was started anew, and its former binding is dead;
 * - push address (RFC 8599 §5.3), which is what `deviceId` stands for;
 * - URI (RFC 3261 §10.3), unless both have an instance: two phones behind two NATs have the same private address.
 */
export function replacedBy(
  contact: RequestedContact,
  deviceId: string | null,
  bindings: readonly Binding[],
): readonly Binding[] {
  const same = bindings.filter((binding) => isReplaced(contact, deviceId, binding))
  return same.sort((a, b) => Number(hasUriOf(b, contact)) - Number(hasUriOf(a, contact)))
}

function isReplaced(contact: RequestedContact, deviceId: string | null, binding: Binding): boolean {
  const otherFlow = differ(contact.regId, binding.regId)
  if (deviceId !== null && binding.deviceId === deviceId) return !otherFlow
  if (contact.instance !== null && binding.instance !== null) {
    return contact.instance === binding.instance && !otherFlow
  }
  return hasUriOf(binding, contact)
}

/**
 * The bindings that a contact with an expiry of 0 removes. An app that changed networks may say goodbye to its old
 * address after it registered the new one, so the instance alone does not do: the URI must match, or the flow's
 * reg-id, or the Call-ID of the registration.
 */
export function removedBy(
  contact: RequestedContact,
  callId: string,
  bindings: readonly Binding[],
): readonly Binding[] {
  const compatible = bindings.filter(
    (binding) =>
      !differ(contact.instance, binding.instance) &&
      // The flows of one device may well share one Contact URI.
      !differ(contact.regId, binding.regId),
  )
  const byUri = compatible.filter((binding) => hasUriOf(binding, contact))
  if (byUri.length > 0 || contact.instance === null) return byUri
  return compatible.filter(
    (binding) =>
      binding.instance === contact.instance &&
      (contact.regId === null ? binding.callId === callId : binding.regId === contact.regId),
  )
}

function differ<T>(a: T | null, b: T | null): boolean {
  return a !== null && b !== null && a !== b
}

function hasUriOf(binding: Binding, contact: RequestedContact): boolean {
  const registered = parseNameAddr(binding.contactHeader)
  const uri = registered && parseUri(registered.uri)
  return uri?.kind === 'sip' && sameSipUri(uri, contact.uri)
}
