import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkCommand } from '../../src/cli/check.js'
import { run } from './support/run.js'
import { site } from './support/site.js'

describe('reveille check', () => {
  it('says what a configuration comes to', async () => {
    const { config, directory } = site(`
sip: {domain: example.net, listen: [{protocol: udp, host: 127.0.0.1, port: 5070}]}
push: {acme: {adapter: webhook, url: "http://127.0.0.1:9/push/{token}"}}
http: {port: 8081, admin-token: "\${ADMIN}"}
trunks: {carrier: {match: [127.0.0.0/8]}}
users: {alice: {password: hunter2, numbers: ["7000", "7001"]}, bob: {password: hunter2}}
routes: [{match: "+1555*", user: alice}]
`)
    const { code, out, err } = await run(checkCommand(), ['-c', config], { ADMIN: 'geheim' })
    expect([code, err]).toEqual([0, ''])
    expect(out.split('\n').map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
      `${config}: no problems`,
      'sip embedded, example.net, udp:127.0.0.1:5070',
      'media embedded, 127.0.0.1, ports 20000-20999',
      `database pglite, ${join(directory, 'data')}`,
      'push acme (webhook)',
      'http 127.0.0.1:8081, admin API with a token',
      'trunks carrier',
      'users 2 with 2 numbers',
      'routes 1',
      '',
    ])
    expect(out).not.toMatch(/hunter2|geheim/)
  })

  it('keeps the password of a database to itself', async () => {
    const { config } = site('database: {engine: postgres, url: "postgres://app:hunter2@db:5432/reveille"}')
    const { out } = await run(checkCommand(), ['-c', config])
    expect(out).toContain('@db:5432/reveille')
    expect(out).not.toContain('hunter2')
  })

  it('takes the defaults without a file', async () => {
    const { code, out } = await run(checkCommand())
    expect(code).toBe(0)
    expect(out).toMatch(/^without a file: no problems\n/)
  })

  it('names every problem with file, line and key, and ends with 2', async () => {
    const { config } = site('http:\n  prot: 8080\nmedia:\n  ports: many\n')
    const { code, out, err } = await run(checkCommand(), ['--config', config])
    expect([code, out]).toEqual([2, ''])
    const [first, second] = err.split('\n')
    expect(first).toBe(`${config}:2:3: http.prot: unknown key; did you mean "port"?`)
    expect(second).toContain(`${config}:4:10: media.ports: expected a range of ports`)
  })

  it('says that a file does not exist', async () => {
    const { code, err } = await run(checkCommand(), ['-c', '/nowhere/at/all.yaml'])
    expect([code, err]).toEqual([2, '/nowhere/at/all.yaml: there is no such file\n'])
  })
})
