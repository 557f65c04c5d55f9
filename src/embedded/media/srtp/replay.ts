/** RFC 3711 §3.3.2: at least 64. */
const WINDOW = 128

/** Which of the last packets of a source came, or were sent, already. */
export class ReplayWindow {
  /** At each place the last index that fell on it. */
  readonly #seen = new Float64Array(WINDOW).fill(-1)
  #highest = -1

  /** False for one that came, or is too old to tell. */
  isNew(index: number): boolean {
    return index > this.#highest - WINDOW && this.#seen[index % WINDOW] !== index
  }

  /** To be called for what has been proven genuine, or is sent, and only for that. */
  remember(index: number): void {
    this.#seen[index % WINDOW] = index
    if (index > this.#highest) this.#highest = index
  }
}
