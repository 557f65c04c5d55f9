/** When a network forwards a call (3GPP TS 22.082). */
export type Condition = 'busy' | 'no-reply' | 'not-reachable'

export interface ForwardingCommand {
  readonly procedure: 'set' | 'activate' | 'deactivate' | 'erase' | 'query'
  readonly conditions: readonly Condition[]
  /** Where calls go; of `set` alone. */
  readonly number?: string
  /** Of no reply; of `set` alone. */
  readonly afterSeconds?: number
}

/** 3GPP TS 22.030 Annex B. */
const GSM_SERVICES: Readonly<Record<string, readonly Condition[]>> = {
  '67': ['busy'],
  '61': ['no-reply'],
  '62': ['not-reachable'],
  '004': ['busy', 'no-reply', 'not-reachable'],
}

/** Of networks by ANSI-41: a code alone switches off. */
const CDMA_SERVICES: Readonly<Record<string, readonly Condition[]>> = {
  '90': ['busy'],
  '92': ['no-reply'],
  '93': ['not-reachable'],
}

/** What a network understands of what a phone dials; undefined for anything else: a number, say. */
export function readDialCode(text: string): ForwardingCommand | undefined {
  return readGsm(text) ?? readCdma(text)
}

/** `**67*+1…*11*20#`: procedure, service, and up to three pieces of supplementary information (TS 22.030 §6.5.2). */
function readGsm(text: string): ForwardingCommand | undefined {
  const [, prefix = '', service = '', rest = ''] =
    /^(\*\*|##|\*#|\*|#)(\d{2,3})((?:\*[+\d]*){0,3})#$/.exec(text) ?? []
  const conditions = GSM_SERVICES[service]
  if (conditions === undefined) return undefined
  const [, number = '', , seconds = ''] = rest.split('*')
  switch (prefix) {
    case '**':
      return number === '' ? undefined : { procedure: 'set', conditions, number, ...timeOf(seconds) }
    // With a number it is meant to set it as well.
    case '*':
      return number === ''
        ? { procedure: 'activate', conditions }
        : { procedure: 'set', conditions, number, ...timeOf(seconds) }
    case '#':
      return { procedure: 'deactivate', conditions }
    case '##':
      return { procedure: 'erase', conditions }
    case '*#':
      return { procedure: 'query', conditions }
    default:
      return undefined
  }
}

function timeOf(seconds: string): { readonly afterSeconds?: number } {
  return seconds === '' ? {} : { afterSeconds: Number(seconds) }
}

function readCdma(text: string): ForwardingCommand | undefined {
  const [, service = '', number = ''] = /^\*(\d{2})(\+?\d*)$/.exec(text) ?? []
  const conditions = CDMA_SERVICES[service]
  if (conditions === undefined) return undefined
  return number === '' || number === '0'
    ? { procedure: 'erase', conditions }
    : { procedure: 'set', conditions, number }
}
