import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PrimaryCallRecord } from '../../src/ports/primary-calls.js'
import type { Store } from '../../src/ports/store.js'
import { fresh, type StoreUnderTest } from './store.contract.js'

/** 2026-01-01, in microseconds. */
const NOW = Date.UTC(2026, 0, 1) * 1000

export function somePrimaryCall(more: Partial<PrimaryCallRecord> = {}): PrimaryCallRecord {
  return {
    ...{ id: fresh('primary'), subscriber: '+12025550142', caller: '+12125550101', deviceId: 'd1' },
    ...{ test: false, ringingSince: NOW, reportedAt: NOW + 1, instructedAt: null, instructedBy: null },
    ...{ acknowledgedAt: null, phone: null, phoneAt: null, forwardedAt: null, endedAt: null, cause: null },
    ...more,
  }
}

/** What every store does for subscribers of conditional forwarding. */
export function primaryCallsContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`primary calls in the store on ${name}`, () => {
    let subject: StoreUnderTest
    let store: Store
    beforeAll(async () => {
      subject = await open()
      store = subject.store
    })
    afterAll(() => subject.dispose())

    it('knows how the forwarding of a subscriber is, and replaces it', async () => {
      const subscriber = fresh('+1')
      expect(await store.forwarding(subscriber)).toBeNull()
      const reported = {
        subscriber,
        did: '+12025550199',
        state: 'reported',
        since: NOW,
        detail: null,
      } as const
      await store.putForwarding(reported)
      expect(await store.forwarding(subscriber)).toEqual(reported)
      const failed = { ...reported, state: 'failed', since: NOW + 1, detail: 'it never came' } as const
      await store.putForwarding(failed)
      expect(await store.forwarding(subscriber)).toEqual(failed)
    })

    it('keeps a row a primary call, the last one that was written, over a restart', async () => {
      const [one, other] = [somePrimaryCall(), somePrimaryCall({ caller: null, deviceId: null, test: true })]
      await store.savePrimaryCalls([one, other])
      const later: PrimaryCallRecord = {
        ...one,
        ...{ instructedAt: NOW + 2, instructedBy: 'channel', acknowledgedAt: NOW + 3, phone: 'rejected' },
        ...{ phoneAt: NOW + 4, forwardedAt: NOW + 5, endedAt: NOW + 6, cause: 'hung-up' },
      }
      await store.savePrimaryCalls([later])
      await store.savePrimaryCalls([])
      store = await subject.restart()
      expect(await store.primaryCall(one.id)).toEqual(later)
      expect(await store.primaryCall(other.id)).toEqual(other)
      expect(await store.primaryCall('nobody')).toBeNull()
    })
  })
}
