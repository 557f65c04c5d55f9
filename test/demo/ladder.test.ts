import { describe, expect, it } from 'vitest'
import { drawLadder } from '../../src/demo/index.js'

describe('the ladder', () => {
  it('draws arrows between the parties, in order of time', () => {
    const drawn = drawLadder(
      ['caller', 'server', 'phone'],
      [
        { at: 1012.34, from: 'server', to: 'phone', label: 'INVITE' },
        { at: 1000, from: 'caller', to: 'server', label: 'INVITE' },
        { at: 1020, from: 'phone', to: 'caller', label: 'RTP' },
        { at: 1030, from: 'server', to: 'server', label: 'note' },
        { at: 1040, from: 'phone', to: 'server', label: 'BYE', lost: true },
        { at: 1050, from: 'stranger', to: 'server', label: 'none of it' },
      ],
    )
    expect(drawn.split('\n')).toEqual([
      '      caller      server       phone',
      '         |           |           |',
      '    0.0  |- INVITE ->|           |',
      '   12.3  |           |- INVITE ->|',
      '   20.0  |<-------- RTP ---------|',
      '   30.0  |           | note',
      '   40.0  |           |x-- BYE ---|',
    ])
  })

  it('is a header alone where nothing happened', () => {
    expect(drawLadder(['a', 'b'], []).split('\n')).toHaveLength(2)
  })
})
