import { expect, test } from 'vitest'
import type { MediaEndpoint } from '../../src/ports/media.js'
import { MediaWatch } from '../../src/runtime/media-watch.js'

function side(received: { packets: number }): MediaEndpoint {
  const counters = () =>
    Promise.resolve({ packetsIn: received.packets, bytesIn: 0, packetsOut: 0, bytesOut: 0, silentIn: 0 })
  return { id: 'e', localSdp: '', counters } as Partial<MediaEndpoint> as MediaEndpoint
}

test('a call is dead when both sides are silent at once', async () => {
  let dead = 0
  const watch = new MediaWatch(() => dead++)
  await watch.timedOut('caller', side({ packets: 5 }))
  expect(dead).toBe(0)
  await watch.timedOut('d1', side({ packets: 7 }))
  expect(dead).toBe(1)
})

test('a side that spoke again since is not silent', async () => {
  let dead = 0
  const watch = new MediaWatch(() => dead++)
  const caller = { packets: 5 }
  await watch.timedOut('caller', side(caller))
  caller.packets = 6
  await watch.timedOut('d1', side({ packets: 7 }))
  expect(dead).toBe(0)
  await watch.timedOut('caller', side(caller))
  expect(dead).toBe(1)
})
