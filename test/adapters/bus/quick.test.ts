import { expect, it } from 'vitest'
import type { Line } from '../../../src/adapters/bus/line.js'
import { createLocalBus } from '../../../src/adapters/bus/local.js'
import { createQuickBus } from '../../../src/adapters/bus/quick.js'
import type { Bus, BusMessage } from '../../../src/ports/bus.js'
import { collector, errorLog, retired } from '../../contract/bus.contract.js'

const log = errorLog([])

/** A line whose words arrive when the test says so. */
function heldLine(): Line & { readonly said: string[]; readonly arrive: (text: string) => void } {
  const said: string[] = []
  let hear: (text: string) => void = () => undefined
  return {
    said,
    say: (text) => void said.push(text),
    listen: (next) => (hear = next),
    arrive: (text) => hear(text),
  }
}

/** Two on one bus, which brings every message to both, and the line of each. */
function pair(): {
  readonly near: Bus
  readonly far: Bus
  readonly said: string[]
  readonly hear: (text: string) => void
} {
  const shared = createLocalBus({ log })
  const [from, to] = [heldLine(), heldLine()]
  const near = createQuickBus({ bus: shared, line: from, log })
  const far = createQuickBus({ bus: shared, line: to, log })
  return { near, far, said: from.said, hear: (text) => to.arrive(text) }
}

const plain = (message: BusMessage): BusMessage => JSON.parse(JSON.stringify(message)) as BusMessage

it('hears a message once that comes by the line and then by the bus', async () => {
  const bus = createLocalBus({ log })
  const line = heldLine()
  const far = createQuickBus({ bus, line, log })
  const there = collector()
  far.subscribe(there.listen)
  const sender = heldLine()
  const elsewhere = createQuickBus({ bus: silent(), line: sender, log })
  await elsewhere.publish(retired('d1'))
  await elsewhere.publish(retired('d2'))
  for (const text of sender.said) line.arrive(text)
  expect(there.messages).toEqual([retired('d1'), retired('d2')])

  for (const text of sender.said) await bus.publish(JSON.parse(text) as BusMessage)
  expect(there.messages).toHaveLength(2)
})

it('hears by the bus what the line has lost, and drops what it brings behind it', async () => {
  const { near, far, said, hear } = pair()
  const there = collector()
  far.subscribe(there.listen)
  await near.publish(retired('d1'))
  expect(there.messages).toEqual([retired('d1')])
  hear(said[0] ?? '')
  expect(there.messages).toHaveLength(1)
})

it('hears its own messages once, and without what the line adds to them', async () => {
  const { near } = pair()
  const here = collector()
  near.subscribe(here.listen)
  await near.publish(retired('d1'))
  expect(here.messages.map(plain)).toEqual([retired('d1')])
})

it('tells the bus whose messages it need not hurry with', async () => {
  const known: string[] = []
  const line = heldLine()
  const bus: Bus = { ...silent(), sender: 'far', heardSooner: (sender) => void known.push(sender) }
  createQuickBus({ bus, line, log })
  const sender = heldLine()
  await createQuickBus({ bus: { ...silent(), sender: 'near' }, line: sender, log }).publish(retired('d1'))
  line.arrive(sender.said[0] ?? '')
  expect(known).toEqual(['near'])
})

it('passes over what it cannot read', () => {
  const { far, hear } = pair()
  const there = collector()
  far.subscribe(there.listen)
  hear('{"type":"device-re')
  expect(there.messages).toEqual([])
})

/** A bus that brings nothing to anybody, as a database that is away. */
function silent(): Bus {
  return {
    publish: () => Promise.resolve(),
    subscribe: () => () => undefined,
    close: () => Promise.resolve(),
  }
}
