import { nearest } from './nearest.js'
import { at, entriesOf, placesIn, textOf } from './look.js'
import type { Complain } from './problem.js'
import { type PortRange, parsePortRange } from './schema/leaf.js'
import type { Value } from './to-value.js'
import type { Path } from './tree.js'

/** What is said of regions all over the configuration. */
export function checkRegions(root: Value, complain: Complain): void {
  const regions = entriesOf(at(root, 'regions'))
  const names = regions.map(([name]) => name)
  for (const { path, name } of namedIn(root)) {
    if (name === undefined || names.includes(name)) continue
    const near = nearest(name, names)
    complain(path, `there is no region ${name}${near === undefined ? '' : `; did you mean ${near}?`}`)
  }
  checkEngines(root, complain)
  checkRtpPorts(root, complain)
  checkCosts(root, complain)
}

interface Named {
  readonly path: Path
  readonly name: string | undefined
}

function namedIn(root: Value): readonly Named[] {
  const places = [
    { path: ['sip'], value: at(root, 'sip') },
    { path: ['media'], value: at(root, 'media') },
    ...placesIn(['sip', 'servers'], at(at(root, 'sip'), 'servers')),
    ...placesIn(['media', 'servers'], at(at(root, 'media'), 'servers')),
    ...entriesOf(at(root, 'trunks')).map(([name, value]) => ({ path: ['trunks', name], value })),
  ]
  const costs = placesIn(['paths', 'costs'], at(at(root, 'paths'), 'costs'))
  return [
    ...places.map(({ path, value }) => ({ path: [...path, 'region'], name: textOf(at(value, 'region')) })),
    ...costs.flatMap(({ path, value }) =>
      ['from', 'to'].map((key) => ({ path: [...path, key], name: textOf(at(value, key)) })),
    ),
  ]
}

/** Servers of the operator's say themselves which region they are in. */
function checkEngines(root: Value, complain: Complain): void {
  const own = {
    listen: textOf(at(at(root, 'sip'), 'engine')) === 'drachtio',
    media: textOf(at(at(root, 'media'), 'engine')) === 'freeswitch',
  }
  const where = { listen: 'sip', media: 'media' } as const
  for (const [name, region] of entriesOf(at(root, 'regions'))) {
    for (const key of ['listen', 'media'] as const) {
      if (at(region, key) === undefined || !own[key]) continue
      complain(['regions', name, key], `is for the embedded engine; ${where[key]}.servers have a region each`)
    }
  }
}

/** Two engines on one address that share ports would each find some of theirs taken. */
function checkRtpPorts(root: Value, complain: Complain): void {
  if (textOf(at(at(root, 'media'), 'engine')) === 'freeswitch') return
  const media = at(root, 'media')
  const engines: { readonly what: string; readonly host: string; readonly ports: PortRange }[] = [
    {
      what: 'media',
      host: textOf(at(media, 'host')) ?? '127.0.0.1',
      ports: parsePortRange(textOf(at(media, 'ports')) ?? '20000-20999') ?? { from: 0, to: -1 },
    },
  ]
  for (const [name, region] of entriesOf(at(root, 'regions'))) {
    const host = textOf(at(at(region, 'media'), 'host'))
    const ports = parsePortRange(textOf(at(at(region, 'media'), 'ports')) ?? '')
    if (host === undefined || ports === undefined) continue
    const other = engines.find((one) => one.host === host && overlap(one.ports, ports))
    const path = ['regions', name, 'media', 'ports']
    if (other !== undefined) complain(path, `are ports of ${other.what} already, on the same address`)
    engines.push({ what: `regions.${name}.media`, host, ports })
  }
}

function overlap(a: PortRange, b: PortRange): boolean {
  return a.from <= b.to && b.from <= a.to
}

function checkCosts(root: Value, complain: Complain): void {
  const seen = new Set<string>()
  for (const { path, value } of placesIn(['paths', 'costs'], at(at(root, 'paths'), 'costs'))) {
    const pair = JSON.stringify([textOf(at(value, 'from')), textOf(at(value, 'to'))])
    if (seen.has(pair)) complain(path, 'is there already')
    seen.add(pair)
  }
}
