import { matching } from './leaf.js'

export const plainName = matching(
  /^[A-Za-z0-9_.-]+$/,
  'a name of letters, digits, dots, dashes and underscores',
)

/** What a SIP URI takes as its user part without escapes (RFC 3261 §25.1), but for `;`, which begins parameters. */
export const userName = matching(
  /^[A-Za-z0-9\-_.!~*'()&=+$,?/]+$/,
  "a user name: letters, digits and any of -_.!~*'()&=+$,?/",
)
