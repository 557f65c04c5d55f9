import type { Tokens } from '../clients/tokens/tokens.js'

export {
  type CallClaims,
  type ClientClaims,
  type Grant,
  granted,
  type InvitationClaims,
  type TokenFault,
} from '../clients/tokens/claims.js'

/** What the API needs of tokens. */
export type TokenVerifier = Pick<Tokens, 'verifyCall' | 'verifyClient' | 'verifyInvitation'>
