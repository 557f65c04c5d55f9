import type { MachineTable } from './machine.js'

/**
 * INVITE server transaction (RFC 3261 §17.2.1, RFC 6026 §8.5). In `accepted` the 2xx belongs to the transaction
 * user, who repeats it until the ACK; retransmitted INVITEs are absorbed. In `trying` nothing was sent: a 100 is for
 * those whose user takes longer than 200 ms, or who ask again.
 */
export type IstState = 'trying' | 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated'
export type IstTimer = '100' | 'G' | 'H' | 'I' | 'L'
export type IstInput = 'INVITE' | 'ACK' | '1xx' | '2xx' | '300-699' | 'abandon' | 'transport error' | IstTimer
export type IstAction =
  'send 100' | 'send response' | 'repeat response' | 'report transport error' | 'report no ACK' | 'arm G'

export const IST: MachineTable<IstState, IstInput, IstTimer, IstAction> = {
  initial: 'trying',
  steps: {
    trying: {
      '100': { state: 'proceeding', actions: ['send 100'] },
      INVITE: { state: 'proceeding', actions: ['send 100'] },
      '1xx': { state: 'proceeding', actions: ['send response'] },
      '2xx': { state: 'accepted', actions: ['send response'] },
      '300-699': { state: 'completed', actions: ['send response'] },
      abandon: { state: 'terminated', actions: [] },
    },
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
    trying: ['100'],
    proceeding: [],
    accepted: ['L'],
    completed: ['G', 'H'],
    confirmed: ['I'],
    terminated: [],
  },
}
