/** A server under test, up. */
export interface Peer {
  readonly server: { readonly host: string; readonly port: number }
  /** The first of the processes of each of its programs; the others came of them. */
  readonly roots: readonly number[]
  /** What it wrote of faults. */
  faults(): readonly string[]
  stop(): Promise<void>
}

/** Profiles of Node's that a server of ours writes as it ends (node(1)). */
export interface Profiling {
  readonly directory: string
  readonly kind: 'cpu' | 'heap'
}

export interface PeerOptions {
  readonly domain: string
  /** Of each process of the generator: its push service, and how many phones it plays. */
  readonly pushPorts: readonly number[]
  readonly phones: number
  /** Cores that the server may use, as of taskset(1); '' for any. */
  readonly cores: string
  readonly profiling?: Profiling | undefined
}
