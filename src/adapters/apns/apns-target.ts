import type { PushTarget } from '../../ports/push.js'

/** Whom APNs is to push to: the VoIP token of one app install, under the app's VoIP topic. */
export interface ApnsTarget {
  readonly token: string
  readonly topic: string
}

export interface ApnsApp {
  readonly teamId: string
  /** The topic of devices that name none themselves. */
  readonly topic: string | undefined
}

/**
 * Reads what a device registered. RFC 8599 §10: pn-param is `team.topic`, and the topic of VoIP pushes ends in
 * `.voip`. Apps of the Linphone SDK register two tokens at once: pn-param `team.bundle.remote&voip`, pn-prid
 * `<token>:remote&<token>:voip`.
 *
 * @returns what is wrong, where it cannot be pushed to
 */
export function apnsTarget(device: PushTarget, app: ApnsApp): ApnsTarget | { readonly problem: string } {
  const token = voipToken(device.token)
  if (token === null) return { problem: 'malformed pn-prid: no hexadecimal VoIP device token' }
  if (device.param === undefined) {
    if (app.topic === undefined) return { problem: 'no pn-param, and no topic is configured' }
    return { token, topic: app.topic }
  }
  const [, team, bundle, services] = /^([^.]+)\.(.+)\.([^.]+)$/.exec(device.param) ?? []
  if (team === undefined || bundle === undefined || services === undefined)
    return { problem: `malformed pn-param "${device.param}": not team.bundle.service` }
  if (!/^[A-Za-z0-9.-]+$/.test(bundle)) return { problem: `malformed pn-param "${device.param}": bundle` }
  if (team !== app.teamId)
    return { problem: `pn-param names team ${team}, the configured key is of team ${app.teamId}` }
  if (!services.split('&').includes('voip'))
    return { problem: `pn-param "${device.param}" asks for no VoIP pushes` }
  return { token, topic: `${bundle}.voip` }
}

/** The VoIP token; null where there is none, or it is not hexadecimal: it becomes part of a path. */
function voipToken(prid: string): string | null {
  const token = prid.includes(':') ? /(?:^|&)([^:&]+):voip(?:&|$)/.exec(prid)?.[1] : prid
  return token !== undefined && /^[0-9a-fA-F]{8,200}$/.test(token) ? token : null
}
