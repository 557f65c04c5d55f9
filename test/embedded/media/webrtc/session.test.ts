import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Bench } from '../support/bench.js'
import { BareBrowser } from './bare-browser.js'
import { createCertificate, type Certificate } from './handshake.js'

let certificate: Certificate
beforeAll(async () => {
  certificate = await createCertificate()
})

const browsers: BareBrowser[] = []
afterEach(() => Promise.all(browsers.splice(0).map((browser) => browser.close())))

/** A browser that called and has checked its path. */
async function calling(bench: Bench) {
  const browser = await BareBrowser.open(certificate)
  browsers.push(browser)
  const { id, localSdp } = await bench.core.create({ remoteSdp: browser.sdp() })
  browser.read(localSdp)
  browser.check()
  return { browser, id }
}

/** One that talks, and hears a tone. */
async function talking(bench: Bench) {
  const { browser, id } = await calling(bench)
  await browser.shakeHands()
  await bench.core.play(id, { kind: 'ringback', country: 'us' })
  browser.say()
  await bench.counted(id, 'packetsIn', 1)
  await expect.poll(() => browser.media, { interval: 5 }).toBeGreaterThan(0)
  return { browser, id }
}

describe('the session of a browser', () => {
  it.each<[string, 1 | 2, number, number]>([
    ['closes it', 1, 0, 1],
    ['ends it with a fatal alert', 2, 80, 0],
  ])('that %s is sent nothing more, and is reported as silent', async (_what, level, alert, answers) => {
    const bench = new Bench({ mediaTimeoutMs: 1500 })
    const { browser, id } = await talking(bench)
    browser.alert(level, alert)
    const { detail } = await bench.event('media-timeout')
    expect(detail.everReceived).toBe(true)
    const { packetsOut } = bench.core.counters(id)
    const heard = browser.media
    browser.say()
    await bench.counted(id, 'invalidIn', 1)
    expect(bench.core.counters(id)).toMatchObject({ packetsIn: 1, packetsOut })
    expect(browser.media).toBe(heard)
    expect(browser.alerts).toBe(answers)
  })

  it('is reported as ended on hold too, where silence is no sign', async () => {
    const bench = new Bench({ mediaTimeoutMs: 100 })
    const { browser, id } = await calling(bench)
    await browser.shakeHands()
    bench.core.modify(id, browser.sdp('peer', 'inactive'))
    browser.alert(1, 0)
    expect((await bench.event('media-timeout')).detail.direction).toBe('inactive')
  })

  it('goes on after a sealed warning, and after an end in the clear, which anybody can have sent', async () => {
    const bench = new Bench()
    const { browser, id } = await talking(bench)
    browser.alert(1, 90)
    for (const end of ['0100', '0228']) browser.send(Buffer.from(`15fefd00000000000001000002${end}`, 'hex'))
    browser.say()
    await bench.counted(id, 'packetsIn', 2)
  })

  it('that was ended begins anew with a new generation of ICE, and not without', async () => {
    const bench = new Bench()
    const { browser, id } = await talking(bench)
    browser.alert(1, 0)
    await expect.poll(() => browser.alerts, { interval: 5 }).toBe(1)
    const { invalidIn, packetsIn } = bench.core.counters(id)
    bench.core.modify(id, browser.sdp())
    const { flights } = browser
    browser.send(browser.hello)
    browser.check('stranger')
    await bench.counted(id, 'invalidIn', invalidIn + 1)
    expect(browser.flights).toBe(flights)

    const anew = bench.core.modify(id, browser.sdp('anew'))
    browser.read(anew.localSdp, 'anew')
    browser.check()
    await browser.shakeHands()
    browser.say()
    await bench.counted(id, 'packetsIn', packetsIn + 1)
  })

  it('takes no check of another user than that of the descriptions', async () => {
    const bench = new Bench()
    const { browser, id } = await calling(bench)
    browser.check('stranger')
    await bench.counted(id, 'invalidIn', 1)
  })
})
