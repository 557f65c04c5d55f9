import { createRequire } from 'node:module'

/** RFC 5393, RFC 6086, RFC 8599, RFC 8197 and RFC 8688. */
const NAMES: Readonly<Record<number, string>> = {
  440: 'Max-Breadth Exceeded',
  469: 'Bad Info Package',
  555: 'Push Notification Service Not Supported',
  607: 'Unwanted',
  608: 'Rejected',
}

/** RFC 3261 §21.4 to §21.6. */
const CLASSES: Readonly<Record<number, string>> = {
  4: 'Request Failure',
  5: 'Server Failure',
  6: 'Global Failure',
}

/**
 * drachtio-srf 5.0.29 throws at a status that its table of phrases lacks, and the request would stay without an
 * answer: this fills the table with every final failure, as a far end may answer with any of them.
 */
export function nameAllStatuses(): void {
  const ours = createRequire(import.meta.url)
  const phrases = createRequire(ours.resolve('drachtio-srf'))('sip-status') as Record<number, string>
  for (let status = 400; status < 700; status++) {
    phrases[status] ??= NAMES[status] ?? CLASSES[Math.floor(status / 100)] ?? 'Failure'
  }
}
