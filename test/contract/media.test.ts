import type { Worker } from 'node:worker_threads'
import { describe, it, vi } from 'vitest'
import { createEmbeddedMedia } from '../../src/adapters/embedded-media/media.js'
import { systemClock } from '../../src/adapters/system/clock.js'
import { enginesNamed, openRealMedia } from '../adapters/freeswitch/engines.js'
import { quietLog } from '../adapters/freeswitch/quiet-log.js'
import { mediaContract } from './media.contract.js'

const workers = vi.hoisted(() => [] as Worker[])
vi.mock(import('../../src/embedded/media/spawn.js'), async (original) => {
  const { spawnWorker } = await original()
  const kept = (): Worker => {
    const worker = spawnWorker()
    workers.push(worker)
    return worker
  }
  return { spawnWorker: kept }
})

mediaContract('that is embedded', async () => {
  const from = 20_000 + (process.pid % 40) * 1000
  const ports = { min: from, max: from + 999 }
  const media = await createEmbeddedMedia({ host: '127.0.0.1', ports }, systemClock, quietLog)
  return {
    media,
    breakEngine: async () => void (await workers.at(-1)?.terminate()),
    close: () => media.close(),
  }
})

const engines = enginesNamed()
if (engines === undefined) {
  describe.skip('the media engine FreeSWITCH', () => {
    it('is left out: REVEILLE_TEST_FREESWITCH and REVEILLE_TEST_DRACHTIO name no servers', () => undefined)
  })
} else {
  mediaContract('FreeSWITCH', () => openRealMedia(engines))
}
