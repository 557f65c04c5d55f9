import type { MachineTable } from './machine.js'

/** Non-INVITE server transaction (RFC 3261 §17.2.2). */
export type NistState = 'trying' | 'proceeding' | 'completed' | 'terminated'
export type NistTimer = 'J'
export type NistInput = 'request' | '1xx' | '200-699' | 'abandon' | 'transport error' | NistTimer
export type NistAction = 'send response' | 'repeat response' | 'report transport error'

export const NIST: MachineTable<NistState, NistInput, NistTimer, NistAction> = {
  initial: 'trying',
  steps: {
    trying: {
      '1xx': { state: 'proceeding', actions: ['send response'] },
      '200-699': { state: 'completed', actions: ['send response'] },
      abandon: { state: 'terminated', actions: [] },
    },
    proceeding: {
      request: { state: 'proceeding', actions: ['repeat response'] },
      '1xx': { state: 'proceeding', actions: ['send response'] },
      '200-699': { state: 'completed', actions: ['send response'] },
      abandon: { state: 'terminated', actions: [] },
      'transport error': { state: 'terminated', actions: ['report transport error'] },
    },
    completed: {
      request: { state: 'completed', actions: ['repeat response'] },
      'transport error': { state: 'terminated', actions: ['report transport error'] },
      J: { state: 'terminated', actions: [] },
    },
    terminated: {},
  },
  timers: {
    trying: [],
    proceeding: [],
    completed: ['J'],
    terminated: [],
  },
}
