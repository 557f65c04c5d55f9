import { sql } from 'kysely'
import type { Kysely, RawBuilder, SqlBool } from 'kysely'
import type {
  ClientAddress,
  ClientMessageStore,
  NewClientMessage,
  Numbered,
  QueueLimits,
  QueueState,
} from '../../ports/client-messages.js'
import { SILENCE_MS } from '../../ports/store.js'
import type { Tables } from './tables.js'

/** The database's clock, as the table of nodes has it. */
const NOW = sql<number>`(extract(epoch from clock_timestamp()) * 1000000)::bigint`

/** @param node on which channels are opened here */
export function clientMessageStore(db: Kysely<Tables>, node: string): ClientMessageStore {
  return {
    putMessages(messages, limits) {
      const [only, second] = messages
      // One message is one statement, and a transaction by itself but for a queue that has to be made first.
      if (only !== undefined && second === undefined) return putMessages(db, messages, limits)
      return db.transaction().execute((transaction) => putMessages(transaction, messages, limits))
    },

    async putToOpenChannels(device, body, expiresAt, limits) {
      return append(db, sql<SqlBool>`${onDevice(device)} and ${hasChannel(node)}`, body, expiresAt, limits)
    },

    async putToDevice(device, body, { seenSince, expiresAt }, limits) {
      const known = sql<SqlBool>`${onDevice(device)} and queue.seen_at >= ${seenSince}::bigint`
      return append(db, known, body, expiresAt, limits)
    },

    async messagesAfter(address, after, now, limit) {
      return db
        .selectFrom('client_messages')
        .innerJoin('client_queues', 'client_queues.id', 'client_messages.queue')
        .where('client_queues.client', '=', address.client)
        .where('client_queues.device', '=', address.device ?? '')
        .where('client_messages.seq', '>', after)
        .where('client_messages.expires_at', '>', now)
        .orderBy('client_messages.seq')
        .limit(limit)
        .select(['client_messages.seq', 'client_messages.body'])
        .execute()
    },

    async acknowledge(address, upTo) {
      await sql`
        with queue as (
          update client_queues as queue set acked = greatest(acked, least(last, ${upTo}::bigint))
          where ${isOf(address)} returning id, acked
        )
        delete from client_messages as message using queue
        where message.queue = queue.id and message.seq <= queue.acked`.execute(db)
    },

    async greet({ address, user }, now, channel) {
      const { client, device } = address
      const [place, opened] = channel === null ? [null, 0] : [node, 1]
      const { rows } = await sql<QueueState>`
        with before as materialized (select lost from client_queues as queue where ${isOf(address)} for update)
        insert into client_queues as queue (client, device, user_name, channel, channels, node, seen_at)
        select ${client}, ${device ?? ''}, ${user}, ${channel}, ${opened}::bigint, ${place}, ${now}::bigint
        from (select count(*) from before) as read_first
        on conflict (client, device) do update set
          user_name = excluded.user_name, seen_at = excluded.seen_at, lost = 0,
          channel = coalesce(excluded.channel, queue.channel), node = coalesce(excluded.node, queue.node),
          channels = queue.channels + excluded.channels
        returning last, acked, channels, coalesce((select lost from before), 0)::bigint as lost`.execute(db)
      const [state] = rows
      if (state === undefined) throw new Error('an upsert has returned no row')
      return state
    },

    async closeChannel(address, channel, now) {
      await db
        .updateTable('client_queues')
        .set({ channel: null, node: null, seen_at: now })
        .where('client', '=', address.client)
        .where('device', '=', address.device ?? '')
        .where('channel', '=', channel)
        .execute()
    },

    async awaySince(address) {
      const { rows } = await sql<{ readonly since: number | null }>`
        select case when ${hasChannel(node)} then null else queue.seen_at end as since
        from client_queues as queue where ${isOf(address)}`.execute(db)
      const [row] = rows
      return row === undefined ? 0 : row.since
    },

    async dropOldMessages(now, seenBefore) {
      await db.deleteFrom('client_messages').where('expires_at', '<=', now).execute()
      await sql`
        delete from client_queues as queue where seen_at < ${seenBefore}::bigint
          and not exists (select from client_messages where client_messages.queue = queue.id)`.execute(db)
    },
  }
}

/** Within the transaction of the caller, where it has one. */
export async function putMessages(
  db: Kysely<Tables>,
  messages: readonly NewClientMessage[],
  limits: QueueLimits,
): Promise<readonly Numbered[]> {
  const numbered: Numbered[] = []
  for (const { to, body, expiresAt } of messages) {
    const put = () => append(db, isOf(to), body, expiresAt, limits)
    let placed = await put()
    if (placed.length === 0) {
      await makeQueue(db, to)
      placed = await put()
    }
    numbered.push(...placed)
  }
  return numbered
}

async function makeQueue(db: Kysely<Tables>, { client, device }: ClientAddress): Promise<void> {
  await sql`
    insert into client_queues (client, device, seen_at) values (${client}, ${device ?? ''}, 0)
    on conflict (client, device) do nothing`.execute(db)
}

interface Placed {
  readonly id: number
  readonly client: string
  readonly device: string
  readonly last: number
  /** Of the queue, without this message. */
  readonly messages: number
  readonly bytes: number
}

/**
 * Puts a message into each queue of the condition. The queue's row is locked until the commit: numbers become visible
 * in their order.
 */
async function append(
  db: Kysely<Tables>,
  condition: RawBuilder<SqlBool>,
  body: string,
  expiresAt: number,
  limits: QueueLimits,
): Promise<readonly Numbered[]> {
  const size = Buffer.byteLength(body)
  const { rows } = await sql<Placed>`
    with target as materialized (
      select id from client_queues as queue where ${condition} order by id for update
    ), numbered as (
      update client_queues as queue set last = last + 1 from target where queue.id = target.id
      returning queue.id, queue.client, queue.device, queue.last
    ), written as (
      insert into client_messages (queue, seq, expires_at, size, body)
      select id, last, ${expiresAt}::bigint, ${size}::integer, ${body} from numbered
    )
    select numbered.*, kept.* from numbered, lateral (
      select count(*) as messages, coalesce(sum(size), 0)::bigint as bytes
      from client_messages where queue = numbered.id
    ) as kept`.execute(db)
  for (const { id, messages, bytes } of rows) {
    if (messages + 1 > limits.messages || bytes + size > limits.bytes) await trim(db, id, limits)
  }
  return rows.map(({ client, device, last }) => ({
    to: { client, device: device === '' ? null : device },
    seq: last,
  }))
}

/** Drops the oldest messages, and counts them. */
async function trim(db: Kysely<Tables>, queue: number, { messages, bytes }: QueueLimits): Promise<void> {
  await sql`
    with sized as (
      select seq, row_number() over later as nth, sum(size) over later as bytes
      from client_messages where queue = ${queue}::bigint window later as (order by seq desc)
    ), dropped as (
      delete from client_messages where queue = ${queue}::bigint
        and seq in (select seq from sized where nth > ${messages}::bigint or bytes > ${bytes}::bigint)
      returning seq
    )
    update client_queues set lost = lost + (select count(*) from dropped)
    where id = ${queue}::bigint`.execute(db)
}

function isOf({ client, device }: ClientAddress): RawBuilder<SqlBool> {
  return sql<SqlBool>`queue.client = ${client} and queue.device = ${device ?? ''}`
}

/** On a node that lives; this one, whose name is given, does. */
function hasChannel(node: string): RawBuilder<SqlBool> {
  const alive = sql`exists (select from nodes
    where nodes.id = queue.node and nodes.seen_at > ${NOW} - ${SILENCE_MS * 1000}::bigint)`
  return sql<SqlBool>`(queue.channel is not null and (queue.node = ${node} or ${alive}))`
}

/** A device that has changed hands is no business of its former user's clients. */
function onDevice(device: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`queue.device = ${device} and queue.device <> '' and exists (
    select from devices where devices.id = queue.device and devices.user_name = queue.user_name)`
}
