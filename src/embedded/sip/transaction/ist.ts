import type { MachineTable } from './machine.js'

/**
 * INVITE server transaction (RFC 3261 §17.2.1, RFC 6026 §8.5). In `accepted` the 2xx belongs to the transaction
 * user, who repeats it until the ACK; retransmitted INVITEs are absorbed.
 */
export type IstState = 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated'
export type IstTimer = 'G' | 'H' | 'I' | 'L'
export type IstInput = 'INVITE' | 'ACK' | '1xx' | '2xx' | '300-699' | 'abandon' | 'transport error' | IstTimer
export type IstAction =
  'send response' | 'repeat response' | 'report transport error' | 'report no ACK' | 'arm G'

export const IST: MachineTable<IstState, IstInput, IstTimer, IstAction> = {
  initial: 'proceeding',
  steps: {
    proceeding: {
      INVITE: { state: 'proceeding', actions: ['repeat response'] },
      '1xx': { state: 'proceeding', actions: ['send response'] },
      '2xx': { state: 'accepted', actions: ['send response'] },
      '300-699': { state: 'completed', actions: ['send response'] },
      abandon: { state: 'terminated', actions: [] },
      'transport error': { state: 'terminated', actions: ['report transport error'] },
    },
    accepted: {
      '2xx': { state: 'accepted', actions: ['send response'] },
      L: { state: 'terminated', actions: [] },
    },
    completed: {
      INVITE: { state: 'completed', actions: ['repeat response'] },
      G: { state: 'completed', actions: ['repeat response', 'arm G'] },
      ACK: { state: 'confirmed', actions: [] },
      H: { state: 'terminated', actions: ['report no ACK'] },
      'transport error': { state: 'terminated', actions: ['report transport error'] },
    },
    confirmed: {
      I: { state: 'terminated', actions: [] },
    },
    terminated: {},
  },
  timers: {
    proceeding: [],
    accepted: ['L'],
    completed: ['G', 'H'],
    confirmed: ['I'],
    terminated: [],
  },
}
