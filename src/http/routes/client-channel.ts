import { CLOSE_CODES } from '../../clients/channel/close-cause.js'
import { CHANNEL_PATH } from '../channel/upgrade.js'
import { operation } from '../operation.js'
import { Problem } from '../problem.js'
import type { Route } from '../route.js'

const CLOSES = Object.entries(CLOSE_CODES).map(([cause, code]) => `${String(code)} ${cause}`)

/** The channel's address, for those who come without a WebSocket. */
export function clientChannel(): Route {
  const get = operation({
    id: 'openChannel',
    tag: 'channel',
    summary: 'Open the channel (WebSocket)',
    description: `A WebSocket (RFC 6455) with one JSON object a text frame; docs/api.md has the messages. Close codes: ${CLOSES.join(', ')}.`,
    security: 'none',
    responses: { 101: { description: 'The WebSocket is open; the client says hello next.', empty: true } },
    problems: ['upgrade-required'],
    handle: () => {
      throw new Problem('upgrade-required', 'The channel is a WebSocket.', {
        headers: { upgrade: 'websocket', connection: 'upgrade' },
      })
    },
  })
  return { url: CHANNEL_PATH, methods: { GET: get } }
}
