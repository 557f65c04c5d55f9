import { createApnsSender } from '../../src/adapters/apns/apns-sender.js'
import { createFcmSender } from '../../src/adapters/fcm/fcm-sender.js'
import { createWebhookSender } from '../../src/adapters/webhook/webhook-sender.js'
import { startApnsService } from '../support/push/apns-service.js'
import { startFcmService } from '../support/push/fcm-service.js'
import { answer } from '../support/push/script.js'
import { startWebhookService } from '../support/push/webhook-service.js'
import { pushContract } from './push.contract.js'

pushContract('a webhook', async ({ timeoutMs }) => {
  const service = await startWebhookService()
  return {
    sender: createWebhookSender({ url: `${service.origin}/push/{token}`, timeoutMs }),
    target: { provider: 'acme', token: 'tok-1' },
    received: () => service.inbox.items.map((push) => push.body ?? {}),
    atLeast: (count) => service.inbox.atLeast(count),
    next: (...replies) => service.script.next(...replies),
    says: { gone: answer(410), unavailable: answer(503), forbidden: answer(403, { body: 'no such tenant' }) },
    stopService: () => service.close(),
  }
})

pushContract('APNs', async ({ timeoutMs }) => {
  const service = await startApnsService()
  const { key, keyId, teamId, bundleId, address, port, ca } = service
  return {
    sender: createApnsSender({ key, keyId, teamId, bundleId, address, port, ca, timeoutMs }),
    target: { provider: 'apns', token: '00fc13adff785122' },
    received: () => service.inbox.items.map((push) => push.payload ?? {}),
    atLeast: (count) => service.inbox.atLeast(count),
    next: (...replies) => service.script.next(...replies),
    says: {
      gone: answer(410, { body: { reason: 'Unregistered', timestamp: 1 } }),
      unavailable: answer(503, { body: { reason: 'ServiceUnavailable' } }),
      forbidden: answer(403, { body: { reason: 'InvalidProviderToken' } }),
    },
    stopService: () => service.close(),
  }
})

pushContract('FCM', async ({ timeoutMs }) => {
  const service = await startFcmService()
  const { host, port, ca } = service
  return {
    sender: await createFcmSender({
      serviceAccount: service.serviceAccount,
      endpoint: { host, port, ca },
      timeoutMs,
    }),
    target: { provider: 'fcm', token: 'fcm-token-1' },
    received: () => service.inbox.items.map((push) => push.message.data),
    atLeast: (count) => service.inbox.atLeast(count),
    next: (...replies) => service.script.next(...replies),
    says: {
      gone: service.error(404, 'UNREGISTERED', 'Requested entity was not found.'),
      unavailable: service.error(503, 'UNAVAILABLE', 'The service is currently unavailable.'),
      forbidden: service.error(403, 'SENDER_ID_MISMATCH', 'SenderId mismatch'),
    },
    stopService: () => service.close(),
  }
})
