import { EVENT_PACKAGES, type Presence } from '../../ports/presence.js'
import { dialogInfo } from './dialog-info.js'
import { pidf } from './pidf.js'

/** An event package (RFC 6665 §5), and the one document that it is told in. */
export interface Package {
  readonly contentType: string
  body(presence: Presence, entity: string, version: number): string
}

const PACKAGES: Readonly<Record<(typeof EVENT_PACKAGES)[number], Package>> = {
  presence: { contentType: 'application/pidf+xml', body: pidf },
  dialog: { contentType: 'application/dialog-info+xml', body: dialogInfo },
}

export const ALLOW_EVENTS = EVENT_PACKAGES.join(', ')

export function packageOf(name: string): Package | undefined {
  const known = EVENT_PACKAGES.find((each) => each === name)
  return known === undefined ? undefined : PACKAGES[known]
}
