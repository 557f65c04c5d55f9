import { parentPort } from 'node:worker_threads'
import { probeHost } from './endpoint-factory.js'
import { MediaCore, type EngineEvent } from './engine.js'
import { MediaError } from './errors.js'
import type { Reply, Request } from './protocol.js'

/** The thread that the engine lives in: requests in, replies and events out. */
const port = parentPort
if (!port) throw new Error('this file is the entry of a worker thread')

let core: MediaCore | undefined

const post = (reply: Reply) => port.postMessage(reply)
const emit = (event: EngineEvent) => post({ type: 'event', event })

function running(): MediaCore {
  if (!core) throw new MediaError('bad-state', 'the engine was not started')
  return core
}

async function perform(request: Request): Promise<unknown> {
  const { method, params } = request
  switch (method) {
    case 'start':
      await probeHost(params.host)
      core = new MediaCore(params, emit)
      return undefined
    case 'create':
      return running().create(params)
    case 'accept':
      return running().accept(params.id, params.sdp)
    case 'modify':
      return running().modify(params.id, params.sdp)
    case 'reoffer':
      return running().reoffer(params.id, params)
    case 'play':
      return running().play(params.id, params.tone)
    case 'perform':
      return running().perform(params.id, params)
    case 'stop':
      return running().stop(params.id)
    case 'join':
      return running().join(params.id, params.other)
    case 'unjoin':
      return running().unjoin(params.id)
    case 'counters':
      return running().counters(params.id)
    case 'remove':
      return running().remove(params.id)
    case 'stats':
      return running().stats()
    case 'close':
      return running().close()
    default:
      throw new MediaError('internal', `an unknown request: ${String(method satisfies never)}`)
  }
}

port.on('message', (request: Request) => {
  const { call } = request
  perform(request).then(
    (result) => post({ type: 'result', call, result }),
    (error: unknown) => {
      const { code, message } = MediaError.from(error)
      post({ type: 'error', call, code, message })
    },
  )
})
