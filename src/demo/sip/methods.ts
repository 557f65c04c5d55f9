/** The Allow header of every player. */
export const allowed = 'INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, INFO'
