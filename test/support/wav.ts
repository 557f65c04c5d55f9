import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Codes of the `fmt ` chunk. */
export const WAV = { pcm: 1, float: 3, aLaw: 6, muLaw: 7 } as const

export interface WavFormat {
  /** {@link WAV}; 16 bit PCM by default. */
  readonly code?: number
  readonly bits?: number
  /** Hz; 8000 by default. */
  readonly rate?: number
  readonly channels?: number
}

/** A RIFF WAVE file of this data, with a chunk before it that players are to step over. */
export function wav(
  data: Uint8Array,
  { code = WAV.pcm, bits = 16, rate = 8000, channels = 1 }: WavFormat = {},
) {
  const format = Buffer.alloc(16)
  format.writeUInt16LE(code, 0)
  format.writeUInt16LE(channels, 2)
  format.writeUInt32LE(rate, 4)
  format.writeUInt32LE((rate * channels * bits) / 8, 8)
  format.writeUInt16LE((channels * bits) / 8, 12)
  format.writeUInt16LE(bits, 14)
  const body = [
    Buffer.from('WAVE'),
    chunk('odd ', Buffer.alloc(3)),
    chunk('fmt ', format),
    chunk('data', data),
  ]
  return chunk('RIFF', Buffer.concat(body))
}

function chunk(id: string, body: Uint8Array): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(body.length)
  return Buffer.concat([Buffer.from(id), size, body, Buffer.alloc(body.length & 1)])
}

/** 16 bit samples of a tone, a third of the loudest. */
export function toneSamples(hz: number, ms: number, rate = 8000): Int16Array {
  const at = (index: number): number => Math.round(11_000 * Math.sin((2 * Math.PI * hz * index) / rate))
  return Int16Array.from({ length: (ms * rate) / 1000 }, (_, index) => at(index))
}

/** A recording of one tone, in 16 bit PCM. */
export function toneWav(hz: number, ms: number, rate = 8000): Buffer {
  return wav(Buffer.from(toneSamples(hz, ms, rate).buffer), { rate })
}

/** A folder of recordings that is gone after `remove`. */
export async function recordings(
  files: Readonly<Record<string, Uint8Array>>,
): Promise<{ path(name: string): string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'recordings-'))
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder, name), content)))
  return { path: (name) => join(folder, name), remove: () => rm(folder, { recursive: true }) }
}
