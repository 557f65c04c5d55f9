import { loadConfig } from '../config/index.js'
import type { DeviceView } from '../observe/views.js'
import { columns } from './columns.js'
import { command, type Command, EXIT } from './command.js'
import { configOption } from './config-option.js'
import { withRecords } from './records.js'
import type { StoreDeps } from './store.js'
import { utc } from './time.js'

/** Lists the devices that can be woken, and those whose push token is dead. */
export function devicesCommand(deps: StoreDeps): Command {
  return command({
    name: 'devices',
    summary: 'list the devices, and whether each can be pushed',
    usage: 'reveille devices [--json] [--config FILE]',
    options: {
      json: { type: 'boolean', describe: 'JSON, with times in microseconds since 1970' },
      config: configOption,
    },
    notes: 'Asks the running server, or the database itself where no server runs.',
    async run({ json, config: path }, io) {
      const devices = await withRecords(loadConfig(path, io.env), deps, io, (records) => records.devices())
      io.stdout.write(json ? `${JSON.stringify({ devices }, null, 2)}\n` : listOf(devices))
      return EXIT.ok
    },
  })
}

function listOf(devices: readonly DeviceView[]): string {
  if (devices.length === 0) return 'no devices yet\n'
  const rows = [...devices]
    .sort((a, b) => a.user.localeCompare(b.user) || a.createdAt - b.createdAt)
    .map((device) => [device.user, device.id, pushOf(device), device.region ?? '-', utc(device.seenAt)])
  return `${columns([['USER', 'DEVICE', 'PUSH', 'REGION', 'LAST SEEN'], ...rows]).join('\n')}\n`
}

function pushOf({ push, retired }: DeviceView): string {
  if (push !== null) return `${push.provider} ${push.token}`
  return retired === null ? 'none: by channel' : `retired ${utc(retired.at)}: ${retired.reason}`
}
