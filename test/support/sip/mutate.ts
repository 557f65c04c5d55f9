import { seededRandom } from '../../../src/demo/sip/impairment.js'

type Mutation = (bytes: Buffer, random: () => number) => Buffer

const at = (bytes: Buffer, random: () => number): number => Math.floor(random() * bytes.length)

/** Each spoils a message in the way of another kind of broken or hostile peer. */
const mutations: readonly Mutation[] = [
  function flipBits(bytes, random) {
    const spoiled = Buffer.from(bytes)
    const i = at(spoiled, random)
    spoiled[i] = (spoiled[i] ?? 0) ^ (1 << Math.floor(random() * 8))
    return spoiled
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, at(bytes, random))
  },
  function repeatPart(bytes, random) {
    const start = at(bytes, random)
    const part = bytes.subarray(start, start + 1 + Math.floor(random() * 40))
    return Buffer.concat([
      bytes.subarray(0, start),
      ...Array.from({ length: 20 }, () => part),
      bytes.subarray(start),
    ])
  },
  function removePart(bytes, random) {
    const start = at(bytes, random)
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 1 + Math.floor(random() * 60))])
  },
  function insertNoise(bytes, random) {
    const noise = Buffer.from(
      Array.from({ length: 1 + Math.floor(random() * 16) }, () => Math.floor(random() * 256)),
    )
    const start = at(bytes, random)
    return Buffer.concat([bytes.subarray(0, start), noise, bytes.subarray(start)])
  },
  function lieAboutLength(bytes, random) {
    const lies = ['-1', '0', '99999999999', '4294967296', 'ten', '', '7']
    const lie = lies[Math.floor(random() * lies.length)] ?? ''
    return Buffer.from(
      bytes.toString('latin1').replace(/Content-Length:.*/i, `Content-Length: ${lie}`),
      'latin1',
    )
  },
  function shuffleLines(bytes, random) {
    const lines = bytes.toString('latin1').split('\r\n')
    const [a, b] = [Math.floor(random() * lines.length), Math.floor(random() * lines.length)]
    ;[lines[a], lines[b]] = [lines[b] ?? '', lines[a] ?? '']
    return Buffer.from(lines.join('\r\n'), 'latin1')
  },
  function dropLine(bytes, random) {
    const lines = bytes.toString('latin1').split('\r\n')
    lines.splice(Math.floor(random() * lines.length), 1)
    return Buffer.from(lines.join('\r\n'), 'latin1')
  },
  function bareLineFeeds(bytes) {
    return Buffer.from(bytes.toString('latin1').replace(/\r\n/g, '\n'), 'latin1')
  },
  function hugeHeader(bytes, random) {
    const huge = `X-Huge: ${'a'.repeat(Math.floor(random() * 30_000))}\r\n`
    return Buffer.from(bytes.toString('latin1').replace('\r\n', `\r\n${huge}`), 'latin1')
  },
]

/** `count` spoiled copies of the messages, the same for the same seed; each with one to three faults. */
export function* mutated(messages: readonly Buffer[], count: number, seed: number): Generator<Buffer> {
  const random = seededRandom(seed)
  for (let i = 0; i < count; i++) {
    let bytes = messages[i % messages.length] ?? Buffer.alloc(0)
    const faults = 1 + Math.floor(random() * 3)
    for (let fault = 0; fault < faults && bytes.length > 0; fault++) {
      const mutation = mutations[Math.floor(random() * mutations.length)]
      if (mutation !== undefined) bytes = mutation(bytes, random)
    }
    yield bytes
  }
}
