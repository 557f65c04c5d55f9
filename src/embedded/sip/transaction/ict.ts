import type { MachineTable } from './machine.js'

/**
 * INVITE client transaction (RFC 3261 §17.1.1, RFC 6026 §8.4).
 *
 *   calling --1xx--> proceeding --3xx-6xx--> completed --D--> terminated
 *      \________________2xx_____________\--> accepted ---M--> terminated
 *
 * Timer X is ours: how long a cancelled INVITE waits for its final response (§9.1).
 */
export type IctState = 'calling' | 'proceeding' | 'accepted' | 'completed' | 'terminated'
export type IctTimer = 'A' | 'B' | 'C' | 'D' | 'M' | 'X'
export type IctInput = '1xx' | '2xx' | '300-699' | 'cancelled' | 'transport error' | IctTimer
export type IctAction =
  | 'send request'
  | 'send held CANCEL'
  | 'CANCEL by timer'
  | 'send ACK'
  | 'deliver response'
  | 'report timeout'
  | 'report transport error'
  | 'arm A'
  | 'arm C'
  | 'arm X'

export const ICT: MachineTable<IctState, IctInput, IctTimer, IctAction> = {
  initial: 'calling',
  steps: {
    calling: {
      A: { state: 'calling', actions: ['send request', 'arm A'] },
      B: { state: 'terminated', actions: ['report timeout'] },
      '1xx': { state: 'proceeding', actions: ['deliver response', 'send held CANCEL'] },
      '2xx': { state: 'accepted', actions: ['deliver response'] },
      '300-699': { state: 'completed', actions: ['send ACK', 'deliver response'] },
      'transport error': { state: 'terminated', actions: ['report transport error'] },
    },
    proceeding: {
      '1xx': { state: 'proceeding', actions: ['arm C', 'deliver response'] },
      '2xx': { state: 'accepted', actions: ['deliver response'] },
      '300-699': { state: 'completed', actions: ['send ACK', 'deliver response'] },
      C: { state: 'proceeding', actions: ['CANCEL by timer'] },
      cancelled: { state: 'proceeding', actions: ['arm X'] },
      X: { state: 'terminated', actions: ['report timeout'] },
      'transport error': { state: 'terminated', actions: ['report transport error'] },
    },
    accepted: {
      '2xx': { state: 'accepted', actions: ['deliver response'] },
      M: { state: 'terminated', actions: [] },
    },
    completed: {
      '300-699': { state: 'completed', actions: ['send ACK'] },
      D: { state: 'terminated', actions: [] },
    },
    terminated: {},
  },
  timers: {
    calling: ['A', 'B'],
    proceeding: ['C'],
    accepted: ['M'],
    completed: ['D'],
    terminated: [],
  },
}
