import { expect, test } from 'vitest'
import { Mailbox, type Recipient } from '../../src/runtime/mailbox.js'

const fail = (error: unknown): never => {
  throw error
}

function mailbox(
  handle: Recipient<string>['handle'],
  fault: Recipient<string>['fault'],
): (event: string) => void {
  const box = new Mailbox<string>({ handle, fault })
  return (event) => box.post(event)
}

test('an event that comes while another is handled waits for its turn', () => {
  const log: string[] = []
  const post = mailbox((event) => {
    log.push(`begin ${event}`)
    if (event === 'a') {
      post('b')
      post('c')
    }
    log.push(`end ${event}`)
  }, fail)
  post('a')
  expect(log).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c'])
})

test('an event that cannot be handled costs neither who posted it nor the events after it', () => {
  const handled: string[] = []
  const faults: string[] = []
  const post = mailbox(
    (event) => {
      if (event === 'bad') throw new Error('no')
      handled.push(event)
      if (event === 'first') {
        post('bad')
        post('last')
      }
    },
    (error, event) => faults.push(`${event}: ${String(error)}`),
  )
  post('first')
  expect(handled).toEqual(['first', 'last'])
  expect(faults).toEqual(['bad: Error: no'])
})
