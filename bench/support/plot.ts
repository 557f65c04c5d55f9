/** A line of a plot: its points in order of x. */
export interface Curve {
  readonly title: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface PlotOptions {
  readonly title: string
  readonly x: string
  readonly y: string
  /** Axes of powers of ten, where all values are above 0. */
  readonly logX?: boolean
  readonly logY?: boolean
  /** A value of y that is not to be passed. */
  readonly limit?: number
}

const [WIDTH, HEIGHT] = [720, 420] as const
const MARGIN = { left: 64, right: 20, top: 44, bottom: 52 } as const
const LEGEND_LINE = 18
/** Told apart by those who see no red or green, too (after Okabe and Ito), on white and on black. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const
const MOST_TICKS = 6

/** An SVG of its own, to be shown beside a table. Points that are no numbers, or not above 0 on a log axis, are left out. */
export function plot(curves: readonly Curve[], options: PlotOptions): string {
  const { title, logX = false, logY = false, limit } = options
  const fits = ([x, y]: readonly [number, number]): boolean => fitsOn(x, logX) && fitsOn(y, logY)
  const shown = curves.map((one) => ({ ...one, points: one.points.filter(fits) }))
  const all = shown.flatMap(({ points }) => points)
  const legend = HEIGHT + LEGEND_LINE * shown.length
  const xs = scaleOf(
    all.map(([x]) => x),
    logX,
    MARGIN.left,
    WIDTH - MARGIN.right,
  )
  const ys = scaleOf(
    [...all.map(([, y]) => y), ...(limit === undefined ? [] : [limit])],
    logY,
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${legend}" viewBox="0 0 ${WIDTH} ${legend}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    textAt(WIDTH / 2, 22, title, 'middle', 'font-size="15"'),
    ...ys.ticks.flatMap((y) => [
      lineAt(MARGIN.left, ys.at(y), WIDTH - MARGIN.right, ys.at(y), '#ddd'),
      textAt(MARGIN.left - 8, ys.at(y) + 4, numberText(y), 'end'),
    ]),
    ...xs.ticks.flatMap((x) => [
      lineAt(xs.at(x), MARGIN.top, xs.at(x), HEIGHT - MARGIN.bottom, '#ddd'),
      textAt(xs.at(x), HEIGHT - MARGIN.bottom + 18, numberText(x), 'middle'),
    ]),
    textAt(WIDTH / 2, HEIGHT - 14, options.x, 'middle'),
    `<g transform="rotate(-90 16 ${HEIGHT / 2})">${textAt(16, HEIGHT / 2, options.y, 'middle')}</g>`,
    ...(limit === undefined
      ? []
      : [lineAt(MARGIN.left, ys.at(limit), WIDTH - MARGIN.right, ys.at(limit), '#888', '6 4')]),
    ...shown.flatMap(({ points }, n) =>
      curveOf(
        points.map(([x, y]) => [xs.at(x), ys.at(y)]),
        colourOf(n),
      ),
    ),
    ...shown.flatMap((one, n) => [
      `<rect x="${MARGIN.left}" y="${HEIGHT + LEGEND_LINE * n - 6}" width="18" height="4" fill="${colourOf(n)}"/>`,
      textAt(MARGIN.left + 26, HEIGHT + LEGEND_LINE * n, one.title, 'start'),
    ]),
    '</svg>',
    '',
  ].join('\n')
}

interface Scale {
  readonly ticks: readonly number[]
  at(value: number): number
}

/** From the least value of a log axis, or 0, to the next tick above the largest. */
function scaleOf(values: readonly number[], log: boolean, from: number, to: number): Scale {
  const ticks = log ? powersAround(values) : stepsTo(Math.max(0, ...values))
  const [first = 0, last = 1] = [ticks[0], ticks.at(-1)]
  const share = (value: number): number =>
    log ? Math.log(value / first) / Math.log(last / first) : (value - first) / (last - first)
  return { ticks, at: (value) => from + (to - from) * share(value) }
}

/** Powers of ten that hold all values, at least two. */
function powersAround(values: readonly number[]): number[] {
  const known = values.length === 0 ? [1] : values
  const low = Math.floor(Math.log10(Math.min(...known)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...known))))
  return Array.from({ length: high - low + 1 }, (_, n) => 10 ** (low + n))
}

/** Multiples of 1, 2 or 5 by a power of ten, from 0 to beyond `most`. */
function stepsTo(most: number): number[] {
  if (most === 0) return [0, 1]
  const rough = most / MOST_TICKS
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5].find((one) => one * power >= rough) ?? 10)
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, n) => n * step)
}

function fitsOn(value: number, log: boolean): boolean {
  return Number.isFinite(value) && (!log || value > 0)
}

function curveOf(points: readonly (readonly [number, number])[], colour: string): string[] {
  const path = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.map(([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3" fill="${colour}"/>`),
  ]
}

function lineAt(x1: number, y1: number, x2: number, y2: number, colour: string, dashes = ''): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map((value) => value.toFixed(1))
  const dashed = dashes === '' ? '' : ` stroke-dasharray="${dashes}"`
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" stroke="${colour}"${dashed}/>`
}

function textAt(x: number, y: number, text: string, anchor: string, more = ''): string {
  const safe = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ${more}>${safe}</text>`
}

/** Short: 20000 as 20k; what rounding left of a decimal is cut. */
function numberText(value: number): string {
  if (value >= 10_000) return `${Number((value / 1000).toPrecision(6))}k`
  return String(Number(value.toPrecision(6)))
}

function colourOf(n: number): string {
  return COLOURS[n % COLOURS.length] ?? '#000'
}
