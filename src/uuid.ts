import { randomUUID } from 'node:crypto'

/**
 * A random UUID (RFC 9562 §5.4). Node's is put together of twenty pieces, which V8 keeps as they are: 480 bytes for as
 * long as the id is kept. This one is 60.
 */
export function uuid(): string {
  return Buffer.from(randomUUID(), 'latin1').toString('latin1')
}
