import { peerMedia, type PeerName, peerTitles } from '../peers/peers.js'
import { busyWarning, describeMachine, type Machine } from '../support/machine.js'
import { plot } from '../support/plot.js'
import type { Plot } from '../support/results.js'
import { markdownTable } from '../support/table.js'
import type { Options } from './options.js'
import { COMPLETE, MOST_ADDED_MS, type RateTrial } from './trial.js'

/** What was found of one server, with one push service. */
export interface Found {
  readonly peer: PeerName
  readonly pushMs: number
  readonly best: RateTrial | undefined
  readonly trials: readonly RateTrial[]
}

/** Ratios are Reveille's to the others: how many times their rate it takes. */
export function ratesTable(found: readonly Found[]): string {
  const head = [
    'push answered after, ms',
    'server',
    'media; while it waits the caller gets',
    'calls/s',
    'p50, ms',
    'p99, ms',
    'CPU a call, ms',
    'cores',
    'ours / it',
  ]
  return markdownTable(
    head,
    found.map(({ peer, pushMs, best }) => {
      const ours = found.find((other) => other.peer === 'reveille' && other.pushMs === pushMs)?.best
      const figures = best === undefined ? ['–', '–', '–', '–'] : figuresOf(best)
      const ratio = ours === undefined || best === undefined ? '–' : (ours.rate / best.rate).toFixed(2)
      return [String(pushMs), peerTitles[peer], peerMedia[peer], String(best?.rate ?? 0), ...figures, ratio]
    }),
  )
}

/** Latency by rate, one plot for each time that the push service takes. */
export function ratePlots(found: readonly Found[]): Plot[] {
  return [...new Set(found.map(({ pushMs }) => pushMs))].map((pushMs) => {
    const title = `Latency by rate, push answered after ${pushMs} ms`
    const curves = found
      .filter((one) => one.pushMs === pushMs)
      .map(({ peer, trials }) => {
        const points = trials.map(({ rate, p99 }) => [rate, p99] as const).sort(([a], [b]) => a - b)
        return { title: peerTitles[peer], points }
      })
    const axes = { x: 'calls/s', y: 'server-added total, p99, ms', logX: true, logY: true }
    return {
      name: `rate-push-${pushMs}ms`,
      title,
      svg: plot(curves, { title, ...axes, limit: MOST_ADDED_MS }),
    }
  })
}

export function trialLine({ rate, fine, complete, p50, p99, cpuMs, cores, lateMs }: RateTrial): string {
  const verdict = fine ? 'fine' : 'too much'
  return (
    `${rate} calls/s: ${verdict}; ${(complete * 100).toFixed(2)} % complete, p50 ${p50.toFixed(1)} ms, ` +
    `p99 ${p99.toFixed(1)} ms, ${cpuMs.toFixed(2)} ms of CPU a call, ${cores.toFixed(2)} cores, begun up to ${lateMs.toFixed(0)} ms late`
  )
}

export function resultsPart(
  found: readonly Found[],
  options: Options,
  machine: Machine,
  versions: string,
  day: string,
  remarks: readonly string[],
): string {
  const { seconds, arrivals, proof, talkMs, closeness } = options
  return `## The highest rate of calls

\`npm run bench:rate\`: the highest rate at which ${COMPLETE * 100} % of the calls are complete and the server-added total stays
below ${MOST_ADDED_MS} ms at p99, by doubling and bisection to ${closeness * 100} %; trials of ${seconds} s (${arrivals}), on a server that is
warm, and replaced where a rate was too much for it; calls of ${talkMs} ms, REGISTER by ${proof}. ${day}; ${describeMachine(machine)}; ${versions}.
${[busyWarning(machine) ?? '', ...remarks].filter(Boolean).join('\n')}

${ratesTable(found)}`
}

function figuresOf({ p50, p99, cpuMs, cores }: RateTrial): string[] {
  return [p50, p99, cpuMs, cores].map((value) => value.toFixed(2))
}
