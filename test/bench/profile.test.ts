import { describe, expect, it } from 'vitest'
import {
  type CallFrame,
  fileOf,
  functionOf,
  roomOf,
  selfSizesOf,
  selfTimesOf,
  selvesOf,
  summed,
} from '../../bench/support/profile.js'

function frame(functionName: string, url = ''): CallFrame {
  return { functionName, url, lineNumber: 6 }
}

describe('the reading of a profile', () => {
  it('sums what each function had to itself, and leaves out what was idle', () => {
    const nodes = [
      { id: 1, callFrame: frame('parse', 'file:///r/dist/embedded/sip/parse.js') },
      { id: 2, callFrame: frame('(idle)') },
      { id: 3, callFrame: frame('parse', 'file:///r/dist/embedded/sip/parse.js') },
    ]
    const selves = selfTimesOf({ nodes, samples: [1, 2, 3, 1], timeDeltas: [10, 1000, 5, -3] })
    expect(summed(selves, functionOf)).toEqual([['parse src/embedded/sip/parse.js:7', 15]])
  })

  it('sums what is held in memory, all the way down', () => {
    const leaf = { callFrame: frame('b', 'node:net'), selfSize: 30, children: [] }
    const head = { callFrame: frame('(root)'), selfSize: 1, children: [leaf, leaf] }
    expect(summed(selfSizesOf({ head }), roomOf)).toEqual([
      ['node:net', 60],
      ['(root)', 1],
    ])
  })

  it('knows whose a function is', () => {
    const rooms = [
      'file:///r/dist/call/transition.js',
      'file:///r/dist/embedded/sip/message/parser.js',
      'file:///r/dist/main.js',
      'file:///r/node_modules/@electric-sql/pglite/dist/index.js',
      'node:internal/streams/writable',
      'node:net',
    ].map((url) => roomOf(frame('f', url)))
    expect(rooms).toEqual([
      'src/call',
      'src/embedded/sip',
      'src/main',
      '@electric-sql/pglite',
      'node:streams',
      'node:net',
    ])
    expect(roomOf(frame('(garbage collector)'))).toBe('(garbage collector)')
    expect(fileOf({ url: 'file:///r/node_modules/pg/lib/client.js' })).toBe('pg/lib/client.js')
  })

  it('takes no other file for a profile', () => {
    expect(() => selvesOf({ some: 'thing' })).toThrow('neither')
  })
})
