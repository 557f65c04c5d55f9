import type { MachineTable } from './machine.js'

/** Non-INVITE client transaction (RFC 3261 §17.1.2). */
export type NictState = 'trying' | 'proceeding' | 'completed' | 'terminated'
export type NictTimer = 'E' | 'F' | 'K'
export type NictInput = '1xx' | '200-699' | 'transport error' | NictTimer
export type NictAction =
  'send request' | 'deliver response' | 'report timeout' | 'report transport error' | 'arm E'

export const NICT: MachineTable<NictState, NictInput, NictTimer, NictAction> = {
  initial: 'trying',
  steps: {
    trying: {
      E: { state: 'trying', actions: ['send request', 'arm E'] },
      F: { state: 'terminated', actions: ['report timeout'] },
      '1xx': { state: 'proceeding', actions: ['deliver response'] },
      '200-699': { state: 'completed', actions: ['deliver response'] },
      'transport error': { state: 'terminated', actions: ['report transport error'] },
    },
    proceeding: {
      E: { state: 'proceeding', actions: ['send request', 'arm E'] },
      F: { state: 'terminated', actions: ['report timeout'] },
      '1xx': { state: 'proceeding', actions: ['deliver response'] },
      '200-699': { state: 'completed', actions: ['deliver response'] },
      'transport error': { state: 'terminated', actions: ['report transport error'] },
    },
    completed: {
      K: { state: 'terminated', actions: [] },
    },
    terminated: {},
  },
  timers: {
    trying: ['E', 'F'],
    // Both run on from `trying`: F bounds the transaction as a whole.
    proceeding: ['E', 'F'],
    completed: ['K'],
    terminated: [],
  },
}
