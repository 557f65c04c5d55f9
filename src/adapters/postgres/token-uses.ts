import type { Kysely } from 'kysely'
import type { TokenUses } from '../../ports/store.js'
import type { Tables } from './tables.js'

export function tokenUses(db: Kysely<Tables>): TokenUses {
  return {
    async use(jti, purpose, expiresAt, holder) {
      // One statement: who comes at the same moment waits for its row, and finds it taken. No holder equals none.
      const used = await db
        .insertInto('token_uses')
        .values({ jti, purpose, holder: holder ?? null, expires_at: expiresAt })
        .onConflict((conflict) =>
          conflict
            .columns(['jti', 'purpose'])
            .doUpdateSet((expression) => ({ expires_at: expression.ref('excluded.expires_at') }))
            .whereRef('token_uses.holder', '=', 'excluded.holder'),
        )
        .returning('jti')
        .execute()
      return used.length > 0
    },

    async dropUses(now) {
      const { numDeletedRows } = await db
        .deleteFrom('token_uses')
        .where('expires_at', '<=', now)
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}
