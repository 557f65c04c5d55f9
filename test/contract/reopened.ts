import type { MigratingStore } from '../../src/adapters/postgres/index.js'
import type { StoreUnderTest } from './store.contract.js'

/** A store of which there is one at a time. */
export async function reopened(
  open: () => Promise<MigratingStore>,
  remove: () => Promise<void>,
): Promise<StoreUnderTest> {
  const store = await open()
  await store.migrate()
  let current = store
  return {
    store,
    async restart() {
      await current.close()
      current = await open()
      return current
    },
    async dispose() {
      await current.close()
      await remove()
    },
  }
}
