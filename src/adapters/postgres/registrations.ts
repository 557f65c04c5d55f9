import type { Kysely } from 'kysely'
import type { PushTarget } from '../../ports/push.js'
import type { Binding, Device, RegistrationStore } from '../../ports/store.js'
import { deviceStore } from './devices.js'
import { stateStore } from './state.js'
import type { Tables } from './tables.js'

/** A REGISTER in two statements, whatever it is about; one that takes push addresses from devices needs more. */
export function registrationStore(db: Kysely<Tables>): RegistrationStore {
  return {
    async registrations(user, pushes, now) {
      const name = user.replaceAll('\0', '\ufffd')
      const found = await stateStore(db).loadUsers({ users: [user], deviceIds: [], pushes })
      const devices = [...found.devices].sort((a, b) => a.createdAt - b.createdAt || order(a.id, b.id))
      const owners = devices.filter((device) => pushes.some((push) => hasPush(device, push)))
      const ids = new Set(owners.map(({ id }) => id))
      const live = found.bindings.filter(({ expiresAt }) => expiresAt > now).sort(byRegistration)
      const isForeign = (binding: Binding): boolean =>
        binding.user !== name && ids.has(binding.deviceId ?? '')
      return {
        bindings: live.filter((binding) => binding.user === name),
        devices: devices.filter((device) => device.user === name),
        owners,
        foreignBindings: live.filter(isForeign),
      }
    },

    register({ retire, devices, put, remove }) {
      const change = { released: [], devices, put, remove, uses: [] }
      if (retire.length === 0) return stateStore(db).writeState(change)
      return db.transaction().execute(async (transaction) => {
        const known = deviceStore(transaction)
        for (const { deviceId, push, reason, at } of retire)
          await known.retirePush(deviceId, push, reason, at)
        await stateStore(transaction).writeState(change)
      })
    },
  }
}

function hasPush({ push: own }: Device, { provider, token, param = '' }: PushTarget): boolean {
  return own?.provider === provider && own.token === token && (own.param ?? '') === param
}

function byRegistration(a: Binding, b: Binding): number {
  return a.registeredAt - b.registeredAt || order(a.bindingId, b.bindingId)
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
