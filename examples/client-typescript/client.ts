import { exchange, type ServerOptions } from './exchange.js'
import type {
  Call,
  Decline,
  Device,
  DeviceSettings,
  Invitation,
  InvitationDraft,
  Json,
  ReceivedInvitation,
  ServerMessage,
} from './types.js'

/** A call that this device was told of. Every method rejects with ReveilleProblem. */
export interface CallHandle {
  view(): Promise<Call>
  /** The user's yes. `sdp`: the answer to the offer that the push carried; no SIP is needed then. */
  accept(sdp?: string): Promise<Call>
  decline(decline: Decline): Promise<Call>
  /** Ends a call that this device accepted. */
  hangUp(): Promise<Call>
}

/** An invitation that this device got. */
export interface InvitationHandle {
  view(): Promise<ReceivedInvitation>
  accept(connection: Json): Promise<ReceivedInvitation>
  decline(reason?: string): Promise<ReceivedInvitation>
}

/** What an app of a user does, by its client token. */
export interface AppHandle {
  /** Grant `devices`. Makes the device or changes it; the same again changes nothing. */
  putDevice(id: string, settings: DeviceSettings): Promise<Device>
  deleteDevice(id: string): Promise<void>
  /** Grant `channel`. Messages above number `after`; waits for the first one as long as the server lets. */
  messages(options?: {
    readonly after?: number
    readonly waitSeconds?: number
    readonly device?: string
    readonly signal?: AbortSignal
  }): Promise<{ readonly messages: readonly ServerMessage[]; readonly lost: number }>
  /** Grant `invitations`. */
  invite(draft: InvitationDraft): Promise<Invitation>
  invitation(id: string): Promise<Invitation>
  /** Names the devices, of those that accepted, that this app connects to. */
  connect(id: string, devices: readonly string[]): Promise<Invitation>
  cancel(id: string): Promise<Invitation>
}

/** A Reveille server, for apps. */
export class Reveille {
  constructor(private readonly server: ServerOptions) {}

  /** `callId` and `token` are those of the push. */
  call(callId: string, token: string): CallHandle {
    const path = `/v1/calls/${encodeURIComponent(callId)}`
    const post = (verb: string, body?: unknown) =>
      exchange<Call>(this.server, { method: 'POST', path: `${path}/${verb}`, token, body })
    return {
      view: () => exchange<Call>(this.server, { method: 'GET', path, token }),
      accept: (sdp) => post('accept', sdp === undefined ? {} : { sdp }),
      decline: (decline) => post('decline', decline),
      hangUp: () => post('hangup'),
    }
  }

  /** `id` and `token` are those of the push. */
  invitation(id: string, token: string): InvitationHandle {
    const path = `/v1/invitations/${encodeURIComponent(id)}`
    const post = (verb: string, body?: unknown) =>
      exchange<ReceivedInvitation>(this.server, { method: 'POST', path: `${path}/${verb}`, token, body })
    return {
      view: () => exchange<ReceivedInvitation>(this.server, { method: 'GET', path, token }),
      accept: (connection) => post('accept', { connection }),
      decline: (reason) => post('decline', reason === undefined ? {} : { reason }),
    }
  }

  app(token: string): AppHandle {
    const { server } = this
    const device = (id: string) => `/v1/devices/${encodeURIComponent(id)}`
    const invitation = (id: string) => `/v1/invitations/${encodeURIComponent(id)}`
    const post = (path: string, body?: unknown) =>
      exchange<Invitation>(server, { method: 'POST', path, token, body })
    return {
      putDevice: (id, settings) =>
        exchange(server, { method: 'PUT', path: device(id), token, body: settings }),
      deleteDevice: (id) => exchange(server, { method: 'DELETE', path: device(id), token }),
      messages({ after, waitSeconds = 0, device: name, signal } = {}) {
        const query = new URLSearchParams({
          wait: String(waitSeconds),
          ...(after === undefined ? {} : { after: String(after) }),
          ...(name === undefined ? {} : { device: name }),
        })
        const path = `/v1/client/messages?${query.toString()}`
        return exchange(server, { method: 'GET', path, token, signal, patienceMs: waitSeconds * 1000 })
      },
      invite: (draft) => post('/v1/invitations', draft),
      invitation: (id) => exchange(server, { method: 'GET', path: invitation(id), token }),
      connect: (id, devices) => post(`${invitation(id)}/connect`, { devices }),
      cancel: (id) => post(`${invitation(id)}/cancel`),
    }
  }
}
