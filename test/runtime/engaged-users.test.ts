import { describe, expect, test } from 'vitest'
import { EngagedUsers } from '../../src/runtime/engaged-users.js'

describe('who is in calls', () => {
  test('is told of each change, and of nothing else', () => {
    const engaged = new EngagedUsers()
    const told: [string, number][] = []
    const stop = engaged.subscribe((user, calls) => told.push([user, calls]))
    engaged.set('a', ['alice'])
    engaged.set('a', ['alice', 'bob'])
    engaged.set('b', ['bob'])
    engaged.set('a', ['alice', 'bob'])
    engaged.set('a', [])
    engaged.set('a', [])
    stop()
    engaged.set('b', [])
    expect(told).toEqual([
      ['alice', 1],
      ['bob', 1],
      ['bob', 2],
      ['alice', 0],
      ['bob', 1],
    ])
  })

  test('counts who calls itself once', () => {
    const engaged = new EngagedUsers()
    const told: unknown[] = []
    engaged.subscribe((user, calls) => told.push([user, calls]))
    engaged.set('a', ['alice', 'alice'])
    expect(told).toEqual([['alice', 1]])
  })
})
