import type { BackingStore } from '../../ports/backing-store.js'
import type { Clock } from '../../ports/clock.js'
import type { Log } from '../../ports/log.js'
import { registerWith, registrationsOf } from '../../ports/registering.js'
import type { Store } from '../../ports/store.js'
import { Lane } from './lane.js'
import { RESIDENT_LIMITS, type ResidentLimits } from './limits.js'
import { Pending } from './pending.js'
import { Registrations } from './registrations.js'
import { Residents } from './residents.js'
import { ResidentUses } from './token-uses.js'

export type { ResidentLimits } from './limits.js'

export interface ResidentOptions {
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<ResidentLimits>
}

type Kept = Pick<
  Store,
  | 'putDevice'
  | 'device'
  | 'devicesOf'
  | 'deviceByPush'
  | 'deviceByInstance'
  | 'retirePush'
  | 'setCallsIn'
  | 'listDevices'
  | 'devicesIn'
  | 'writeBindings'
  | 'bindingsOf'
  | 'dropExpired'
  | 'registrations'
  | 'register'
  | 'use'
  | 'dropUses'
  | 'presenceOf'
  | 'ping'
  | 'close'
>

/**
 * A store that answers what calls ask on their way from memory, in front of a database that this process alone writes
 * to: devices, bindings and the uses of tokens. Users are read when they are first asked for, and those asked for longest
 * ago give way to others.
 *
 * What is new is written before the promise resolves, together with what others write at that moment: a device, any
 * change of it but of when and where it was seen, and a binding that no push could bring back. The others are written
 * {@link ResidentLimits.writeBehindMs} later at most, and at `close`: the binding of a device that has a push address,
 * or its removal, when and where a device was seen, and the use of a token. These the death of the process can lose:
 * the phone is woken at the next call, and a token that was used within that time could be used again.
 *
 * While the database is away, what is in memory is answered, what waits to be written is kept and tried again, and what
 * has to be written first is rejected with StoreUnavailable; it may be written later all the same. `ping` rejects.
 */
export function residentStore<S extends BackingStore>(backing: S, options: ResidentOptions): S {
  const { clock, log } = options
  const limits = { ...RESIDENT_LIMITS, ...options.limits }
  const [residents, pending] = [new Residents(), new Pending()]
  const lane = new Lane({ backing, residents, pending, clock, log, limits })
  const uses = new ResidentUses(backing)
  const kept = new Registrations({ backing, residents, pending, uses, lane, log, limits })
  const methods: Kept = {
    putDevice: (device) => kept.putDevice(device),
    device: (id) => kept.device(id),
    devicesOf: (user) => kept.devicesOf(user),
    deviceByPush: (push) => kept.deviceByPush(push),
    deviceByInstance: (user, instance) => kept.deviceByInstance(user, instance),
    retirePush: (id, push, reason, at) => kept.retirePush(id, push, reason, at),
    setCallsIn: (id, user, callsIn) => kept.setCallsIn(id, user, callsIn),
    listDevices: () => lane.aloneAfterFlush(() => backing.listDevices()),
    devicesIn: (...asked) => lane.aloneAfterFlush(() => backing.devicesIn(...asked)),
    writeBindings: (change) => kept.writeBindings(change),
    bindingsOf: (user, now) => kept.bindingsOf(user, now),
    registrations: (user, pushes, now) => registrationsOf(kept, user, pushes, now),
    register: (change) => registerWith(kept, change),
    dropExpired: (now) => kept.dropExpired(now),
    use: (jti, purpose, expiresAt, holder) => kept.use({ jti, purpose, expiresAt, holder: holder ?? null }),
    dropUses: (now) => kept.dropUses(now),
    presenceOf: (users, now) => kept.presenceOf(users, now),
    async ping() {
      await backing.ping()
      if (lane.failure !== null) throw lane.failure
    },
    close: () => kept.close(),
  }
  return { ...backing, ...methods }
}
