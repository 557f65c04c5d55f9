/**
 * The bytes of a message as text of one character a byte. A buffer is a part of a larger one, which it keeps
 * whole for as long as it is kept: for one message to be repeated perhaps, that is ten times its size.
 */
export function pack(bytes: Buffer | string): string {
  return typeof bytes === 'string' ? bytes : bytes.toString('latin1')
}

export function unpack(packed: Buffer | string): Buffer {
  return typeof packed === 'string' ? Buffer.from(packed, 'latin1') : packed
}
