import * as JsSIP from 'jssip'
import { startPhone, type Account, type PhoneCommands, type PhoneEvent } from './driver.js'
import { PAGE_HZ, toneOf } from './microphone.js'

/** What the page and the tests that drive it have in common. */
export interface PhonePage {
  report(event: PhoneEvent): void
  openPhone(url: string, account: Account): void
  phone?: PhoneCommands
}

const page = globalThis as unknown as PhonePage

page.openPhone = (url, account) => {
  const socket = new JsSIP.WebSocketInterface(url)
  page.phone = startPhone(JsSIP, socket, account, (event) => page.report(event), toneOf(PAGE_HZ))
}
