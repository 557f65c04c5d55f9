/** A cell network, its phones and their apps: what stands between a caller and a forwarded call. */
export type { CellCall, CellEnding, StoppedBecause } from './cell-call.js'
export { CellNetwork, type CellNetworkOptions } from './cell-network.js'
export type { CellPhone, CellPhoneOptions } from './cell-phone.js'
export { readDialCode, type Condition, type ForwardingCommand } from './dial-code.js'
export type { DivertingStyle, NumberStyle, Party } from './forwarded-invite.js'
export type { Instruction, Way } from './instructions.js'
export { PhoneApp, type PhoneAppOptions } from './phone-app.js'
export type { PrimaryCall, Word } from './primary-call.js'
