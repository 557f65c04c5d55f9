import { readFileSync } from 'node:fs'
import { createApnsSender } from '../adapters/apns/apns-sender.js'
import { createFcmSender } from '../adapters/fcm/fcm-sender.js'
import { createWebhookSender } from '../adapters/webhook/webhook-sender.js'
import type { Config, PushConfig } from '../config/index.js'
import type { PushSender } from '../ports/push.js'

/** Brings the push services in line with the configuration; those that it no longer names are closed. */
export async function replaceSenders(senders: Map<string, PushSender>, { push }: Config): Promise<void> {
  const fresh = new Map<string, PushSender>()
  for (const [name, options] of push) fresh.set(name, await openSender(options))
  const old = [...senders.values()]
  senders.clear()
  for (const [name, sender] of fresh) senders.set(name, sender)
  await Promise.all(old.map((sender) => sender.close()))
}

async function openSender(options: PushConfig): Promise<PushSender> {
  switch (options.adapter) {
    case 'webhook': {
      const { url, headers, timeout, caFile } = options
      return createWebhookSender({
        url,
        headers: Object.fromEntries(headers),
        timeoutMs: timeout,
        ...pem(caFile),
      })
    }
    case 'apns': {
      const { key, keyFile, keyId, teamId, bundleId, topic, production, timeout, address, port, caFile } =
        options
      return createApnsSender({
        ...{ key: key ?? keyFile ?? '', keyId, teamId, production, timeoutMs: timeout },
        ...(bundleId === undefined ? {} : { bundleId }),
        ...(topic === undefined ? {} : { topic }),
        ...(address === undefined ? {} : { address }),
        ...(port === undefined ? {} : { port }),
        ...pem(caFile),
      })
    }
    case 'fcm': {
      const { serviceAccount, timeout, endpoint } = options
      const stand = endpoint && {
        host: endpoint.host,
        port: endpoint.port,
        ca: readFileSync(endpoint.caFile, 'utf8'),
      }
      return createFcmSender({
        serviceAccount,
        timeoutMs: timeout,
        ...(stand === undefined ? {} : { endpoint: stand }),
      })
    }
    default:
      return options satisfies never
  }
}

function pem(file: string | undefined): { ca?: string } {
  return file === undefined ? {} : { ca: readFileSync(file, 'utf8') }
}
