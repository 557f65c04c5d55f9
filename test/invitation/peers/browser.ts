import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium, type Page } from 'playwright-core'

const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  // Names in the place of addresses need a resolver of multicast DNS, which a test machine may not have.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--allow-loopback-in-peer-connection',
]

export interface Browser {
  /** An app of its own: in a context that shares nothing with the others. */
  page(): Promise<Page>
  close(): Promise<void>
}

/** A headless Chromium whose pages can connect peer to peer. */
export async function launch(executablePath: string): Promise<Browser> {
  const entryPoints = [fileURLToPath(new URL('./in-page.ts', import.meta.url))]
  const bundle = await build({ entryPoints, bundle: true, write: false, format: 'iife', logLevel: 'error' })
  const site = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>A peer</title>')
  })
  site.listen(0, '127.0.0.1')
  await once(site, 'listening')
  const address = site.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const browser = await chromium.launch({ executablePath, args: FLAGS })
  return {
    async page() {
      const context = await browser.newContext()
      const page = await context.newPage()
      await page.goto(`http://127.0.0.1:${String(port)}/`)
      await page.addScriptTag({ content: bundle.outputFiles[0]?.text ?? '' })
      return page
    },
    async close() {
      await browser.close()
      site.closeAllConnections()
      await new Promise((resolve) => site.close(resolve))
    },
  }
}
