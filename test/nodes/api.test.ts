import { afterAll, beforeAll, expect, it } from 'vitest'
import { CallApi } from '../../src/demo/index.js'
import { describeWith, postgresForFile, type TestDatabase } from '../support/postgres/index.js'
import { TwoNodes } from './support/two-nodes.js'

const postgres = await postgresForFile()

describeWith('a call that waits on one of two nodes', postgres, (server) => {
  let database: TestDatabase
  let nodes: TwoNodes
  /** The API of the node that has no call. */
  let api: CallApi
  beforeAll(async () => {
    database = await server.database()
    nodes = await TwoNodes.start({ url: database.url, phones: 3, steered: true })
    api = new CallApi(nodes.b.server.http)
  })
  afterAll(async () => {
    api.close()
    await nodes.close()
    await database.drop()
  })

  async function waitingFor(user: string) {
    const phone = await nodes.a.sleepingPhone(`api-${user}`, user)
    const outgoing = await (await nodes.a.caller()).call(`sip:${user}@example.net`)
    const { payload } = await nodes.a.push.nextDelivery(`api-${user}`)
    return { phone, outgoing, id: String(payload['callId']), token: String(payload['token']) }
  }

  it('is freed by an accept that reaches the other one', async () => {
    const { phone, outgoing, id, token } = await waitingFor('user0')
    expect(await api.view(id, token)).toMatchObject({ status: 200, body: { state: 'ringing' } })
    expect(await api.accept(id, token)).toMatchObject({
      status: 200,
      body: { state: 'accepted', yours: true },
    })
    await phone.wake({ headers: { Authorization: `Bearer ${token}` } })
    const incoming = await phone.nextCall()
    await outgoing.answered()
    await incoming.established
    expect(await api.hangUp(id, token)).toMatchObject({ status: 200 })
    expect(await outgoing.ended).toMatchObject({ how: 'bye', by: 'them' })
    await incoming.ended
  })

  it('is ended by a decline that reaches the other one, which tells the ending from then on', async () => {
    const { outgoing, id, token } = await waitingFor('user1')
    expect((await api.decline(id, token, { reason: 'busy' })).status).toBe(200)
    expect(await outgoing.outcome).toMatchObject({ kind: 'failed', status: 486 })
    expect(await api.view(id, token)).toMatchObject({
      status: 200,
      body: { state: 'ended', ending: { cause: 'busy', status: 486 } },
    })
  })

  it('is the only one that its token opens', async () => {
    const { outgoing, token } = await waitingFor('user2')
    const answer = await api.view('00000000-0000-4000-8000-000000000000', token)
    expect(answer.status).toBe(403)
    outgoing.cancel()
    await outgoing.outcome
    await nodes.quiet()
  })
})
