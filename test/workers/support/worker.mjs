import process from 'node:process'

// As much of a worker as its parent hears of.
process.on('SIGTERM', () => undefined)
process.on('message', (message, handle) => {
  switch (message.type) {
    case 'start':
      process.send({ type: 'up', sip: [] })
      return
    case 'connection':
      process.send({ type: 'taken' })
      handle?.end(`taken by ${process.pid}\n`)
      return
    case 'ping':
      process.send({ type: 'pong' })
      return
    case 'metrics':
      process.send({ type: 'metrics', id: message.id, text: `pid ${process.pid}` })
      return
    case 'drain':
      process.send({ type: 'drained' })
      return
    case 'close':
      process.exit(0)
  }
})
