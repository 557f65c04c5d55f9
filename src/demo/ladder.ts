/** One arrow of a ladder. `at` in milliseconds, on any clock that all arrows share. */
export interface LadderEvent {
  readonly at: number
  readonly from: string
  readonly to: string
  readonly label: string
  /** It was sent and never arrived. */
  readonly lost?: boolean
}

export interface LadderOptions {
  /** Characters from one party's line to the next; at least as wide as the labels by default. */
  readonly spacing?: number
}

const timeWidth = 9

/**
 * A message ladder as text: the parties side by side in the given order, time down, milliseconds since the first
 * event on the left. Events of unknown parties are left out; the order is by time, and as given where it is equal.
 */
export function drawLadder(
  parties: readonly string[],
  events: readonly LadderEvent[],
  options: LadderOptions = {},
): string {
  const known = events.filter(({ from, to }) => parties.includes(from) && parties.includes(to))
  const ordered = [...known].sort((a, b) => a.at - b.at)
  const spacing = options.spacing ?? spacingFor(parties, ordered)
  const start = ordered[0]?.at ?? 0
  const rows = ordered.map((event) => drawEvent(parties, event, spacing, event.at - start))
  const lines = [drawHeader(parties, spacing), drawRails(parties.length, spacing), ...rows]
  return lines.map((line) => line.trimEnd()).join('\n')
}

/** Room for the longest label on one hop; a label over several hops has more of it. */
function spacingFor(parties: readonly string[], events: readonly LadderEvent[]): number {
  const needed = events.map(({ from, to, label }) => {
    const hops = Math.abs(parties.indexOf(from) - parties.indexOf(to))
    return hops === 0 ? 0 : Math.ceil((label.length + 6) / hops)
  })
  const names = parties.map((party) => party.length + 2)
  return Math.max(12, ...needed, ...names)
}

function drawHeader(parties: readonly string[], spacing: number): string {
  const line = Array.from({ length: timeWidth + spacing * parties.length }, () => ' ')
  parties.forEach((party, i) => {
    // Each name is centred over its rail.
    const start = Math.max(0, timeWidth + i * spacing - Math.floor(party.length / 2))
    ;[...party].forEach((c, offset) => (line[start + offset] = c))
  })
  return line.join('')
}

function drawRails(count: number, spacing: number): string {
  return ' '.repeat(timeWidth) + railCells(count, spacing).join('')
}

function railCells(count: number, spacing: number): string[] {
  const cells = Array.from({ length: (count - 1) * spacing + 1 }, () => ' ')
  for (let i = 0; i < count; i++) cells[i * spacing] = '|'
  return cells
}

function drawEvent(parties: readonly string[], event: LadderEvent, spacing: number, at: number): string {
  const cells = railCells(parties.length, spacing)
  const from = parties.indexOf(event.from) * spacing
  const to = parties.indexOf(event.to) * spacing
  const time = `${at.toFixed(1).padStart(timeWidth - 2)}  `
  if (from === to) return `${time}${cells.join('').slice(0, from + 1)} ${event.label}`
  const [left, right] = from < to ? [from, to] : [to, from]
  for (let i = left + 1; i < right; i++) cells[i] = '-'
  if (event.lost === true) cells[from < to ? right - 1 : left + 1] = 'x'
  else if (from < to) cells[right - 1] = '>'
  else cells[left + 1] = '<'
  const label = ` ${event.label} `.slice(0, right - left - 3)
  const start = left + 1 + Math.floor((right - left - 1 - label.length) / 2)
  ;[...label].forEach((c, i) => (cells[start + i] = c))
  return time + cells.join('')
}
