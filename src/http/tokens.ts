import type { Tokens } from '../clients/tokens/tokens.js'

export type {
  CallClaims,
  ClientClaims,
  Grant,
  InvitationClaims,
  TokenFault,
} from '../clients/tokens/claims.js'

/** What the API needs of tokens. */
export type TokenVerifier = Pick<Tokens, 'verifyCall' | 'verifyClient' | 'verifyInvitation'>
