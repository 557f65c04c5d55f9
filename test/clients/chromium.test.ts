import { afterAll, beforeAll } from 'vitest'
import { describeWith, pathOf } from './installed.js'
import { ChromiumPhones } from './jssip/in-chromium.js'
import { jssipSuite } from './jssip/suite.js'

describeWith('chromium', 'JsSIP in Chromium', () => {
  let phones: ChromiumPhones
  beforeAll(async () => {
    phones = await ChromiumPhones.launch(pathOf('chromium') ?? '')
  })
  afterAll(() => phones.close())

  jssipSuite((protocol, server, account) => phones.open(protocol, server, account), { media: true })
})
