import { describe, expect, it } from 'vitest'
import { type Candidate, inOrder } from '../../../src/adapters/freeswitch/choice.js'

const server = (name: string, more: Partial<Candidate> = {}) => ({
  name,
  candidate: { up: true, weight: 1, region: undefined, endpoints: 0, full: false, ...more },
})
const names = (servers: readonly { name: string }[]) => servers.map(({ name }) => name)

describe('a new endpoint', () => {
  it('goes to the server with the least load for its weight', () => {
    const servers = [
      server('a', { endpoints: 4 }),
      server('b', { endpoints: 5, weight: 3 }),
      server('c', { endpoints: 1 }),
    ]
    expect(names(inOrder(servers, []))).toEqual(['b', 'c', 'a'])
  })

  it('goes to none that is away, full or drained', () => {
    const servers = [
      server('away', { up: false }),
      server('full', { full: true }),
      server('drained', { weight: 0 }),
      server('fit'),
    ]
    expect(names(inOrder(servers, []))).toEqual(['fit'])
  })

  it('goes to its region first, and elsewhere where that has no server', () => {
    const servers = [
      server('us', { region: 'us' }),
      server('eu-1', { region: 'eu', endpoints: 7 }),
      server('eu-2', { region: 'eu', endpoints: 3 }),
    ]
    expect(names(inOrder(servers, ['eu']))).toEqual(['eu-2', 'eu-1', 'us'])
    expect(names(inOrder(servers, ['ap']))).toEqual(['us', 'eu-2', 'eu-1'])
    expect(names(inOrder(servers, ['ap', 'eu']))).toEqual(['eu-2', 'eu-1', 'us'])
  })

  it('is shared by weight as endpoints come', () => {
    const endpoints = { big: 0, small: 0 }
    for (let n = 0; n < 40; n++) {
      const [first] = inOrder(
        [
          server('big', { weight: 3, endpoints: endpoints.big }),
          server('small', { weight: 1, endpoints: endpoints.small }),
        ],
        [],
      )
      endpoints[first?.name as 'big' | 'small'] += 1
    }
    expect(endpoints).toEqual({ big: 30, small: 10 })
  })
})
