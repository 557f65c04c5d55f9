import { once } from 'node:events'
import { expect, it } from 'vitest'
import { openLine } from '../../src/compose/workers/lines.js'
import { PartyLine } from '../../src/compose/workers/party-line.js'
import { duplexPair } from '../support/duplex-pair.js'

function hearing(end: ReturnType<typeof duplexPair>[0]) {
  const line = openLine(end)
  const heard: string[] = []
  let wake: () => void = () => undefined
  line.listen((text) => {
    heard.push(text)
    wake()
  })
  return {
    line,
    heard,
    async until(count: number) {
      while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve))
    },
  }
}

function three() {
  const party = new PartyLine()
  return [0, 1, 2].map(() => {
    const [worker, parent] = duplexPair()
    party.join(parent)
    return { worker, ...hearing(worker) }
  })
}

it('brings what one says to all others, and not back to him', async () => {
  const [a, b, c] = three()
  if (a === undefined || b === undefined || c === undefined) throw new Error('three are there')
  a.line.say('{"n":"ü"}')
  a.line.say('{"n":2}')
  b.line.say('{"n":3}')
  await Promise.all([c.until(3), b.until(2), a.until(1)])
  expect(new Set(c.heard)).toEqual(new Set(['{"n":"ü"}', '{"n":2}', '{"n":3}']))
  expect(b.heard).toEqual(['{"n":"ü"}', '{"n":2}'])
  expect(a.heard).toEqual(['{"n":3}'])
})

it('passes on whole texts alone, whatever pieces they come in', async () => {
  const [a, b, c] = three()
  if (a === undefined || b === undefined || c === undefined) throw new Error('three are there')
  const text = JSON.stringify({ long: 'ü'.repeat(100) })
  const bytes = Buffer.from(`${text}\n${text}\n`)
  for (let at = 0; at < bytes.length; at += 37) {
    a.worker.write(bytes.subarray(at, at + 37))
    b.line.say('{"between":true}')
  }
  await c.until(2 + Math.ceil(bytes.length / 37))
  expect(c.heard.filter((one) => one !== '{"between":true}')).toEqual([text, text])
})

it('goes on without one who is gone', async () => {
  const [a, b, c] = three()
  if (a === undefined || b === undefined || c === undefined) throw new Error('three are there')
  const gone = once(b.worker, 'close')
  b.worker.destroy()
  await gone
  a.line.say('{}')
  await c.until(1)
  expect(c.heard).toEqual(['{}'])
})
