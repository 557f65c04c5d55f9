import type { RequestedContact } from './contact.js'
import type { RegisterRequest } from './request.js'
import type { PushTarget } from '../ports/push.js'

/** The configured name of a service: values of URI parameters are compared without case (RFC 3261 §19.1.4). */
export function findProvider(provider: string, providers: ReadonlySet<string>): string | undefined {
  if (providers.has(provider)) return provider
  return [...providers].find((name) => name.toLowerCase() === provider.toLowerCase())
}

/** The push address of a contact that is ours to take care of, with the service's configured name. */
export function pushTargetOf(
  contact: RequestedContact,
  request: RegisterRequest,
  providers: ReadonlySet<string>,
): PushTarget | undefined {
  if (request.pushTakenCareOf || contact.push.kind !== 'target') return undefined
  const { target } = contact.push
  return { ...target, provider: findProvider(target.provider, providers) ?? target.provider }
}

/** The services that the 2xx names: those that were asked about (RFC 8599 §5.6.1). */
export function advertisedProviders(
  request: RegisterRequest,
  providers: ReadonlySet<string>,
): readonly string[] {
  if (request.pushTakenCareOf || request.contacts === '*') return []
  const asked = request.contacts.flatMap(({ push }) => {
    switch (push.kind) {
      case 'query-all':
        return [...providers]
      case 'query':
        return [findProvider(push.provider, providers)]
      case 'target':
        return [findProvider(push.target.provider, providers)]
      case 'none':
      case 'malformed':
        return []
      default:
        return push satisfies never
    }
  })
  return [...new Set(asked)].filter((name) => name !== undefined)
}
