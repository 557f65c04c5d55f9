import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'
import type { PresenceChange, PresenceFacts, PresenceRow, PresenceStore } from '../../ports/presence.js'
import { toJson } from './json.js'
import { goneNodes, type Life } from './nodes.js'
import type { PresenceTable, Tables } from './tables.js'

export function presenceStore(db: Kysely<Tables>, life: Life): PresenceStore {
  return {
    async changePresence(changes, now) {
      if (changes.length === 0) return []
      const known = await change(db, life.id, changes, now)
      const met = new Set(known.map((row) => row.user_name))
      const fresh = changes.filter(({ user }) => !met.has(user))
      if (fresh.length === 0) return changed(known)
      await makeRows(db, fresh, now)
      return changed([...known, ...(await change(db, life.id, fresh, now))])
    },

    async lapsePresence(now) {
      const lapsed = await lapse(db, now)
      const left = await leaveCalls(db, life)
      return [...lapsed, ...left].map(toRow)
    },

    async presenceOf(users, now) {
      if (users.length === 0) return []
      const { rows } = await sql<FactsRow>`
        select asked.user_name as asked, presence.*,
          (select max(expires_at) from bindings
            where bindings.user_name = asked.user_name and expires_at > ${now}::bigint) as registered_until,
          exists (select from devices
            where devices.user_name = asked.user_name and push_token is not null) as wakeable
        from jsonb_array_elements_text(${toJson(users)}::jsonb) as asked (user_name)
        left join presence on presence.user_name = asked.user_name`.execute(db)
      return rows.map(toFacts)
    },
  }
}

type Changed = PresenceTable & { readonly moved: boolean }
type FactsRow = { [K in keyof PresenceTable]: PresenceTable[K] | null } & {
  readonly asked: string
  readonly registered_until: number | null
  readonly wakeable: boolean
}

/**
 * Rows are locked in the order of their names, so that two nodes with the same users wait for each other and not
 * crosswise; the new values are made of what stands in them then. Users without a row are left out.
 */
async function change(
  db: Kysely<Tables>,
  node: string,
  changes: readonly PresenceChange[],
  now: number,
): Promise<readonly Changed[]> {
  const { rows } = await sql<Changed>`
    with change as (
      select * from jsonb_to_recordset(${toJson(changes.map(toChange))}::jsonb) as change (
        user_name text, sets boolean, state text, note text, expires_at bigint, present_until bigint, calls boolean)
    ), before as materialized (
      select presence.* from presence
      where user_name in (select user_name from change) order by user_name for update
    ), after as (
      select before.user_name, before.version,
        case when sets then change.state else before.state end as state,
        case when sets then change.note else before.note end as note,
        case when sets then change.expires_at else before.expires_at end as expires_at,
        case when sets or (before.state is null and before.present_until is null
          and change.present_until is not null) then ${now}::bigint else before.since end as since,
        greatest(before.present_until, change.present_until) as present_until,
        case when change.calls is null then before.calls
          when change.calls then array_append(array_remove(before.calls, ${node}), ${node})
          else array_remove(before.calls, ${node}) end as calls,
        sets or (before.present_until is null and change.present_until is not null)
          or (change.calls is not null and change.calls <> (before.calls <> '{}')
            and (change.calls or array_remove(before.calls, ${node}) = '{}')) as moved
      from before join change using (user_name)
    )
    update presence set state = after.state, note = after.note, expires_at = after.expires_at,
      since = after.since, present_until = after.present_until, calls = after.calls,
      version = case when moved then nextval('presence_versions') else after.version end
    from after where presence.user_name = after.user_name
    returning presence.*, moved`.execute(db)
  return rows
}

async function makeRows(db: Kysely<Tables>, changes: readonly PresenceChange[], now: number): Promise<void> {
  const users = changes.map(({ user }) => user).sort()
  await sql`
    insert into presence (user_name, version, since)
    select user_name, 0, ${now}::bigint from jsonb_array_elements_text(${toJson(users)}::jsonb) as made (user_name)
    order by user_name
    on conflict (user_name) do nothing`.execute(db)
}

/** What another node does at the same moment is skipped: it is done. */
async function lapse(db: Kysely<Tables>, now: number): Promise<readonly PresenceTable[]> {
  const over = (column: string): RawBuilder<boolean> =>
    sql`coalesce(${sql.ref(column)} <= ${now}::bigint, false)`
  const { rows } = await sql<PresenceTable>`
    with over as materialized (
      select user_name, ${over('present_until')} as absent,
        ${over('expires_at')} or (state is not null and expires_at is null and ${over('present_until')}) as expired
      from presence where expires_at <= ${now}::bigint or present_until <= ${now}::bigint
      order by user_name for update skip locked
    )
    update presence set
      state = case when expired then null else state end, note = case when expired then null else note end,
      expires_at = case when expired then null else expires_at end,
      present_until = case when absent then null else present_until end,
      since = case when expired or state is null then ${now}::bigint else since end,
      version = nextval('presence_versions')
    from over where presence.user_name = over.user_name
    returning presence.*`.execute(db)
  return rows
}

/** Nobody else says that the calls of a node that is gone are over. */
async function leaveCalls(db: Kysely<Tables>, life: Life): Promise<readonly PresenceTable[]> {
  const gone = life.alone
    ? sql`node <> ${life.id}`
    : sql`node in (${goneNodes(life.id, life.silenceMs * 1000)})`
  const { rows } = await sql<PresenceTable>`
    with left_behind as materialized (
      select user_name, array(select node from unnest(calls) as node where not (${gone})) as calls
      from presence where calls <> '{}' and exists (select from unnest(calls) as node where ${gone})
      order by user_name for update skip locked
    )
    update presence set calls = left_behind.calls, version = nextval('presence_versions')
    from left_behind where presence.user_name = left_behind.user_name
    returning presence.*`.execute(db)
  return rows
}

function toChange({ user, set, presentUntil, inCall }: PresenceChange): object {
  return {
    ...{
      user_name: user,
      sets: set !== undefined,
      present_until: presentUntil ?? null,
      calls: inCall ?? null,
    },
    ...{ state: set?.state ?? null, note: set?.note ?? null, expires_at: set?.expiresAt ?? null },
  }
}

function changed(rows: readonly Changed[]): readonly PresenceRow[] {
  return rows.filter(({ moved }) => moved).map(toRow)
}

function toRow(row: PresenceTable): PresenceRow {
  const { user_name: user, version, state, note, since, present_until, calls } = row
  return { user, version, state, note, since, present: present_until !== null, inCall: calls.length > 0 }
}

function toFacts(row: FactsRow): PresenceFacts {
  const { asked: user, registered_until: registeredUntil, wakeable } = row
  // A row without a version is none: the join has met nothing.
  return { user, row: row.version === null ? null : toRow(row as PresenceTable), registeredUntil, wakeable }
}
