import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { createApnsSender } from '../adapters/apns/apns-sender.js'
import { createFcmSender } from '../adapters/fcm/fcm-sender.js'
import { createWebhookSender } from '../adapters/webhook/webhook-sender.js'
import type { Config, PushConfig } from '../config/index.js'
import type { PushSender } from '../ports/push.js'

/** The push services by name; the map stays the same when the configuration is reloaded, and its entries change. */
export class PushServices {
  readonly senders = new Map<string, PushSender>()
  private options: Config['push'] = new Map()

  /**
   * Brings them in line with the configuration. One whose settings are as before is kept, with the pushes that are on
   * their way; one that changed or is gone is closed.
   */
  async use({ push }: Config): Promise<void> {
    const before = this.options
    const old: PushSender[] = []
    this.options = push
    for (const [name, sender] of [...this.senders]) {
      if (isDeepStrictEqual(before.get(name), push.get(name))) continue
      this.senders.delete(name)
      old.push(sender)
    }
    for (const [name, options] of push) {
      if (!this.senders.has(name)) this.senders.set(name, await openSender(options))
    }
    await Promise.all(old.map((sender) => sender.close()))
  }

  async close(): Promise<void> {
    await Promise.all([...this.senders.values()].map((sender) => sender.close()))
  }
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
