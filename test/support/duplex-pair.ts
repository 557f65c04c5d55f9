import { Duplex } from 'node:stream'

/** Two ends of a connection within the process: what is written to the one is read from the other, a turn later. */
export function duplexPair(): readonly [Duplex, Duplex] {
  const ends: [Duplex, Duplex] = [endOf(() => ends[1]), endOf(() => ends[0])]
  return ends
}

function endOf(other: () => Duplex): Duplex {
  return new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      setImmediate(() => {
        if (other().readable) other().push(chunk)
        done()
      })
    },
    final(done) {
      other().push(null)
      done()
    },
  })
}
