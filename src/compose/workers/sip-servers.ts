import type { Config } from '../../config/index.js'
import { type SipServer, startSipServer } from '../../embedded/sip/index.js'
import type { Log } from '../../ports/log.js'
import type { Lifetime } from '../lifetime.js'
import { embeddedServers, type GatewayEntry, listenOptions } from '../sip.js'

export interface SharedSip {
  readonly servers: readonly SipServer[]
  /** How workers reach them; undefined where the operator's own servers serve. */
  readonly gateways: readonly GatewayEntry[] | undefined
}

/**
 * Starts the configured embedded SIP servers, for workers that connect to them as to any drachtio server. Rejects where
 * a port is taken.
 */
export async function startSharedSip(
  { sip, regions }: Pick<Config, 'sip' | 'regions'>,
  log: Log,
  life: Lifetime,
): Promise<SharedSip> {
  if (sip.engine === 'drachtio') return { servers: [], gateways: undefined }
  const servers: SipServer[] = []
  const gateways: GatewayEntry[] = []
  for (const { name, region, listen, advertise } of embeddedServers(sip, regions)) {
    const at = advertise === undefined ? {} : { advertise: { host: advertise } }
    const server = life.own(
      await startSipServer({
        control: {},
        listen: listen.map((one) => ({ ...listenOptions(one), ...at })),
        timers: { minSessionExpires: sip.minSe / 1000 },
        onFault: ({ where, error }) =>
          log.error({ err: error, where, server: name }, 'a fault in the SIP server'),
      }),
    )
    servers.push(server)
    gateways.push({
      ...{ name, ...server.control },
      ...(region === undefined ? {} : { region }),
      ...(advertise === undefined ? {} : { advertise }),
    })
  }
  return { servers, gateways }
}
