import { parentPort } from 'node:worker_threads'
import { probeHost } from './address.js'
import { MediaError } from './errors.js'
import { Outbox } from './outbox.js'
import { MediaPlane } from './plane.js'
import type { Command, Reply, Request, ToPlane } from './protocol.js'

/** The thread that packets are in: commands and requests in, replies and events out. */
const port = parentPort
if (!port) throw new Error('this file is the entry of a worker thread')

let plane: MediaPlane | undefined

const outbox = new Outbox<Reply>((replies) => port.postMessage(replies))

function running(): MediaPlane {
  if (!plane) throw new MediaError('bad-state', 'the engine was not started')
  return plane
}

async function perform(request: Request): Promise<unknown> {
  const { method, params } = request
  switch (method) {
    case 'start':
      await probeHost(params.host)
      plane = new MediaPlane(params, (event) => outbox.put({ type: 'event', event }))
      return undefined
    case 'lease':
      return running().lease(params.count)
    case 'play-file':
      return running().play(params.id, params.tone)
    case 'perform':
      return running().perform(params.id, params)
    case 'counters':
      return running().counters(params.id)
    case 'stats':
      return running().stats()
    case 'ping':
      return undefined
    case 'close':
      return running().close()
    default:
      throw new MediaError('internal', `an unknown request: ${String(method satisfies never)}`)
  }
}

async function answer(request: Request): Promise<void> {
  const { call } = request
  try {
    outbox.put({ type: 'result', call, result: await perform(request) })
  } catch (error) {
    const { code, message } = MediaError.from(error)
    outbox.put({ type: 'error', call, code, message })
  }
}

async function obey(command: Command): Promise<void> {
  try {
    await running().command(command)
  } catch (error) {
    outbox.put({ type: 'fault', id: command.id, message: MediaError.from(error).message })
  }
}

port.on('message', (messages: ToPlane) => {
  for (const message of messages) void (message.type === 'request' ? answer(message) : obey(message))
})
