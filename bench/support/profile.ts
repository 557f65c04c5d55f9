/** Where a function is, as V8 writes it. */
export interface CallFrame {
  readonly functionName: string
  readonly url: string
  /** From 0 on. */
  readonly lineNumber: number
}

/** Of `--cpu-prof`: what was on top of the stack at each sample; times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface HeapNode {
  readonly callFrame: CallFrame
  /** Bytes that were allocated here and are held still. */
  readonly selfSize: number
  readonly children: readonly HeapNode[]
}

/** Of `--heap-prof`. */
export interface HeapProfile {
  readonly head: HeapNode
}

/** What one function had to itself: microseconds of CPU, or bytes that are held. */
export interface Self {
  readonly frame: CallFrame
  readonly value: number
}

/** Not work: the process waited for something to do. */
const IDLE = '(idle)'

export function selfTimesOf({ nodes, samples, timeDeltas }: CpuProfile): Self[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const times = new Map<CallFrame, number>()
  samples.forEach((id, n) => {
    const frame = frames.get(id)
    // A clock that was set back in between makes a delta negative.
    const delta = Math.max(0, timeDeltas[n] ?? 0)
    if (frame !== undefined && frame.functionName !== IDLE) times.set(frame, (times.get(frame) ?? 0) + delta)
  })
  return [...times].map(([frame, value]) => ({ frame, value }))
}

export function selfSizesOf({ head }: HeapProfile): Self[] {
  const own = { frame: head.callFrame, value: head.selfSize }
  return [own, ...head.children.flatMap((child) => selfSizesOf({ head: child }))]
}

/** Either kind of file. @throws Error where it is neither. */
export function selvesOf(profile: object): Self[] {
  if ('samples' in profile && 'nodes' in profile) return selfTimesOf(profile as CpuProfile)
  if ('head' in profile) return selfSizesOf(profile as HeapProfile)
  throw new Error('neither a CPU profile nor a heap profile')
}

/** Summed under a name each, largest first. */
export function summed(
  selves: readonly Self[],
  nameOf: (frame: CallFrame) => string,
): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>()
  for (const { frame, value } of selves) {
    const name = nameOf(frame)
    sums.set(name, (sums.get(name) ?? 0) + value)
  }
  return [...sums].sort((a, b) => b[1] - a[1])
}

/** A folder of ours below src, a package, a module of Node's, or what V8 does itself. */
export function roomOf({ url, functionName }: CallFrame): string {
  const packaged = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(
    url.slice(url.lastIndexOf('/node_modules/')),
  )?.[1]
  if (packaged !== undefined) return packaged
  const [, ours] = /\/(?:dist|src)\/(.+)$/.exec(url) ?? []
  if (ours !== undefined) return `src/${roomBelow(ours)}`
  if (url.startsWith('node:')) return url.replace('node:internal/', 'node:').split('/')[0] ?? url
  if (url !== '') return url.startsWith('wasm:') ? 'wasm' : fileOf({ url })
  return functionName.startsWith('(') ? functionName : 'native'
}

/** The file, from the folder of the program or package on. */
export function fileOf({ url }: Pick<CallFrame, 'url'>): string {
  return url.replace(/^.*\/node_modules\//, '').replace(/^.*\/(?:dist|src)\//, 'src/') || 'native'
}

export function functionOf(frame: CallFrame): string {
  const { functionName, lineNumber } = frame
  const name = functionName === '' ? 'anonymous' : functionName
  return frame.url === '' ? name : `${name} ${fileOf(frame)}:${lineNumber + 1}`
}

/** Two folders deep where there are such: embedded/sip and embedded/media are as much of a room as call is. */
function roomBelow(path: string): string {
  const folders = path.split('/').slice(0, -1)
  return folders.slice(0, folders[0] === 'embedded' || folders[0] === 'adapters' ? 2 : 1).join('/') || 'main'
}
