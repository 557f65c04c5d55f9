import { describe } from 'vitest'
import { openInNode } from './jssip/in-node.js'
import { jssipSuite } from './jssip/suite.js'

describe('JsSIP, with no more of a browser than it needs to signal', () => {
  jssipSuite(openInNode, { media: false })
})
