import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { Invitation, InvitationStore } from '../../ports/invitations.js'
import { putMessages } from './client-messages.js'
import type { Tables } from './tables.js'

export function invitationStore(db: Kysely<Tables>): InvitationStore {
  return {
    async invitation(id) {
      const row = await db
        .selectFrom('invitations')
        .select(['data', 'version'])
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined
        ? null
        : { invitation: JSON.parse(row.data) as Invitation, version: row.version }
    },

    putInvitation(invitation, version, messages, limits) {
      return db.transaction().execute(async (transaction) => {
        const written = await write(transaction, invitation, version)
        return written ? putMessages(transaction, messages, limits) : null
      })
    },

    async countOpenInvitations(client) {
      const { count } = await db
        .selectFrom('invitations')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('client', '=', client)
        .where('phase', '=', 'open')
        .executeTakeFirstOrThrow()
      return count
    },

    async dueInvitations(now, limit) {
      const rows = await db
        .selectFrom('invitations')
        .select('id')
        .where('phase', '=', 'open')
        .where('expires_at', '<=', now)
        .orderBy('expires_at')
        .limit(limit)
        .execute()
      return rows.map(({ id }) => id)
    },

    async nextInvitationExpiry() {
      const { next } = await db
        .selectFrom('invitations')
        .select(({ fn }) => fn.min<number | null>('expires_at').as('next'))
        .where('phase', '=', 'open')
        .executeTakeFirstOrThrow()
      return next
    },

    async dropInvitations(expiredBefore) {
      await db.deleteFrom('invitations').where('expires_at', '<', expiredBefore).execute()
    },
  }
}

/** False where another version is there. */
async function write(db: Kysely<Tables>, invitation: Invitation, version: number | null): Promise<boolean> {
  const { id, initiator, phase, expiresAt } = invitation
  const data = JSON.stringify(invitation)
  if (version === null) {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('invitations')
      .values({ id, version: 1, client: initiator.client, phase, expires_at: expiresAt, data })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirstOrThrow()
    return numInsertedOrUpdatedRows === 1n
  }
  const { numUpdatedRows } = await db
    .updateTable('invitations')
    .set({ version: sql<number>`version + 1`, phase, data })
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}
