import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium, type Browser } from 'playwright-core'
import type { PhoneEvent } from './driver.js'
import type { PhonePage } from './in-page.js'
import { JssipPhone, type OpenPhone } from './phone.js'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Pages make sounds without having been clicked on.
  '--autoplay-policy=no-user-gesture-required',
  // ICE by this machine's own addresses, the loopback one too, as they are (RFC 8828 mode 1).
  '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  // The certificate of the tests is signed by a CA that Chromium does not know.
  '--ignore-certificate-errors',
]

/** A headless Chromium whose pages are JsSIP phones. */
export class ChromiumPhones {
  private constructor(
    private readonly browser: Browser,
    /** Serves an empty page: one from nowhere may not connect to this machine. */
    private readonly site: Server,
    private readonly script: string,
  ) {}

  static async launch(executablePath: string): Promise<ChromiumPhones> {
    const entryPoints = [fileURLToPath(new URL('./in-page.ts', import.meta.url))]
    const bundle = await build({ entryPoints, bundle: true, write: false, format: 'iife', logLevel: 'error' })
    const site = createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>A phone</title>')
    })
    site.listen(0, '127.0.0.1')
    await once(site, 'listening')
    const browser = await chromium.launch({ executablePath, args: FLAGS })
    return new ChromiumPhones(browser, site, bundle.outputFiles[0]?.text ?? '')
  }

  readonly open: OpenPhone = async (protocol, { host, port }, account) => {
    const page = await this.browser.newPage()
    const phone = new JssipPhone(
      (command, argument) =>
        page.evaluate(([name, value]) => (globalThis as unknown as PhonePage).phone?.[name](value), [
          command,
          argument,
        ] as const),
      () => page.close(),
    )
    await page.goto(this.url)
    await page.exposeFunction('report', (event: PhoneEvent) => phone.tell(event))
    await page.addScriptTag({ content: this.script })
    const given = { url: `${protocol}://${host}:${port}/`, account: { ...account, audio: true } }
    await page.evaluate(
      ({ url, account: own }) => (globalThis as unknown as PhonePage).openPhone(url, own),
      given,
    )
    return phone
  }

  async close(): Promise<void> {
    await this.browser.close()
    this.site.closeAllConnections()
    await new Promise((resolve) => this.site.close(resolve))
  }

  private get url(): string {
    const address = this.site.address()
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`
  }
}
