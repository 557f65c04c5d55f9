/** A browser's MediaStream, of which Node knows nothing. */
export type Microphone = object

/** What the other side of a call hears of a page. */
export const PAGE_HZ = 600

/** So much of a browser's Web Audio as a tone needs: Node has no types for it. */
interface Sounding {
  AudioContext: new () => {
    createOscillator(): { frequency: { value: number }; connect(to: unknown): void; start(): void }
    createMediaStreamDestination(): { readonly stream: Microphone }
  }
}

/** A tone instead of a microphone: unlike speech it can be told by who hears it, and no filter takes it for noise. */
export function toneOf(hz: number): Microphone {
  const context = new (globalThis as unknown as Sounding).AudioContext()
  const oscillator = context.createOscillator()
  const destination = context.createMediaStreamDestination()
  oscillator.frequency.value = hz
  oscillator.connect(destination)
  oscillator.start()
  return destination.stream
}
