import type { DocumentFault } from '../documents/fault.js'
import type { WebFault } from './fault.js'

/** The ErrorCode that Twilio documents for what went wrong with a page; applications look at it in their fallback. */
export function errorCodeOf(fault: WebFault | DocumentFault): number {
  if (!('kind' in fault)) return 12100
  switch (fault.kind) {
    case 'unreachable':
    case 'slow':
    case 'aborted':
      return 11205
    case 'status':
    case 'forbidden':
      return 11200
    case 'redirects':
      return 11215
    case 'too-large':
      return 11750
    case 'type':
      return 12300
    default:
      return fault.kind satisfies never
  }
}
