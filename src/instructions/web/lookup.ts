import type { LookupAddress, LookupOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { MayGoTo } from './addresses.js'
import { WebFault } from './fault.js'

/** As node:dns has it: every address of a name. */
export type ResolveAll = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * A look-up for sockets that gives them the addresses alone to which a request may go. The socket connects to what is
 * checked here: there is no second look-up that could say otherwise.
 */
export function guardedLookup(resolve: ResolveAll, mayGoTo: MayGoTo): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '', 0)
      const open = addresses.filter(({ address }) => mayGoTo(address))
      const [first] = open
      if (first === undefined) return done(forbidden(hostname, addresses[0]?.address), '', 0)
      if (options.all === true) done(null, open)
      else done(null, first.address, first.family)
    })
  }
}

export function forbidden(hostname: string, address: string | undefined): WebFault {
  const where = address === undefined || address === hostname ? hostname : `${hostname} (${address})`
  return new WebFault(
    'forbidden',
    `${where} is no public address; instructions.allow-private lists the private networks that requests may go to`,
  )
}
