/** A server under test, up. */
export interface Peer {
  readonly server: { readonly host: string; readonly port: number }
  /** The first of its processes; the others came of it. */
  readonly pid: number
  /** What it wrote of faults. */
  faults(): readonly string[]
  stop(): Promise<void>
}

export interface PeerOptions {
  readonly domain: string
  /** Of each process of the generator: its push service, and how many phones it plays. */
  readonly pushPorts: readonly number[]
  readonly phones: number
  /** Cores that the server may use, as of taskset(1); '' for any. */
  readonly cores: string
}
