import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { ending } from '../../src/call/ending.js'
import { SoundCache } from '../../src/instructions/sounds/cache.js'
import { silentWav, wavLength } from '../../src/instructions/sounds/wav.js'
import type { Next } from '../../src/instructions/step.js'
import { FakeClock } from '../support/fake-clock.js'
import { type App, type Page, redirect, respond, startApp, twiml } from './support/app.js'
import { LOOPBACK, performed, type Site, siteOf, START } from './support/site.js'

const open: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()))
})

async function app(pages: Readonly<Record<string, Page>>): Promise<App> {
  const started = await startApp(pages)
  open.push(() => started.close())
  return started
}

function site(section: string): Site {
  const made = siteOf(LOOPBACK + section)
  open.push(() => made.close())
  return made
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'sounds-'))
  open.push(() => rm(made, { recursive: true, force: true }))
  return made
}

/** A file of 100 ms, of another format. */
function wav(format: { codec?: number; channels?: number; rate?: number; bits?: number }): Buffer {
  const { codec = 1, channels = 1, rate = 8000, bits = 16 } = format
  const file = Buffer.alloc(44 + (rate / 10) * channels * (bits / 8))
  silentWav(0).copy(file)
  file.writeUInt16LE(codec, 20)
  file.writeUInt16LE(channels, 22)
  file.writeUInt32LE(rate, 24)
  file.writeUInt16LE(bits, 34)
  file.writeUInt32LE(file.length - 44, 40)
  return file
}

/** The files that are heard. */
function files(next: Next): readonly string[] {
  if (next.kind !== 'perform') throw new Error(`expected a performance, got ${JSON.stringify(next)}`)
  const { performance } = next
  const sounds =
    performance.kind === 'play'
      ? performance.sounds
      : performance.kind === 'gather'
        ? performance.prompts
        : []
  return sounds.map((sound) => (sound.kind === 'file' ? sound.path : sound.name))
}

describe('a WAV file', () => {
  test.each([
    ['16-bit PCM at 8 kHz', {}],
    ['16-bit PCM at 16 kHz', { rate: 16_000 }],
    ['A-law', { codec: 6, bits: 8 }],
    ['µ-law', { codec: 7, bits: 8 }],
  ])('of %s is played, and it is known how long', (_what, format) => {
    const file = wav(format)
    expect(wavLength(file, file.length)).toBe(100)
  })

  test.each([
    ['two channels', { channels: 2 }, /codec 1, 16 bits, 8000 Hz, 2 channels$/],
    ['44.1 kHz', { rate: 44_100 }, /44100 Hz/],
    ['8-bit PCM', { bits: 8 }, /codec 1, 8 bits/],
    ['MP3', { codec: 0x55 }, /codec 85/],
  ])('with %s is refused, and its format named', (_what, format, why) => {
    const file = wav(format)
    expect(() => wavLength(file, file.length)).toThrow(why)
  })

  test.each([
    ['nothing', Buffer.alloc(0), /^is not a WAV file/],
    ['an MP3 file', Buffer.from('ID3\u0003xxxxxxxxxxxxxxxxxxxx'), /^is not a WAV file/],
    ['a WAV file that is cut short', wav({}).subarray(0, 36), /without samples$/],
    [
      'a WAV file without a format',
      Buffer.from('RIFF....WAVEdata\u0004\0\0\0abcd', 'latin1'),
      /without samples$/,
    ],
  ])('%s is none that can be played', (_what, file, why) => {
    expect(() => wavLength(file, file.length)).toThrow(why)
  })

  test('that was written as it went has the length that is there', () => {
    const file = wav({})
    file.writeUInt32LE(0xffffffff, 40)
    expect(wavLength(file, file.length)).toBe(100)
    file.writeUInt32LE(0, 40)
    expect(wavLength(file, file.length)).toBe(100)
  })
})

describe('sounds of instructions', () => {
  test('come from the web once, relative to the document, and are played so often', async () => {
    const sound = wav({})
    const { url, asked } = await app({
      '/ivr/voice': twiml('<Play loop="3">../sounds/hello.wav</Play><Play>/sounds/hello.wav</Play>'),
      '/sounds/hello.wav': respond(sound, 'audio/wav'),
    })
    const call = site(`  sources: {main: {twiml: "${url}/ivr/voice"}}\n`).session()
    const first = await call.next(START)
    expect(first).toMatchObject({ kind: 'perform', answer: true, limitMs: 2300, performance: { times: 3 } })
    const [path = ''] = files(first)
    expect(readFileSync(path)).toEqual(sound)
    expect(files(await call.next(performed()))).toEqual([path])
    expect(asked.filter(({ path: each }) => each === '/sounds/hello.wav')).toHaveLength(1)
  })

  test('are asked for again where their server says that they are not to be kept', async () => {
    const { url, asked } = await app({
      '/a.wav': (_asked, response) => response.writeHead(200, { 'cache-control': 'no-store' }).end(wav({})),
    })
    const play = `{play: {url: "${url}/a.wav"}}`
    const call = site(`  sources: {main: {do: [${play}, ${play}]}}\n`).session()
    await call.next(START)
    await call.next(performed())
    expect(asked).toHaveLength(2)
  })

  test('are left out where they cannot be had, and the log says why', async () => {
    const { url } = await app({ '/b.mp3': respond('ID3', 'audio/mpeg') })
    const made = site(
      `  sources: {main: {do: [{play: {url: "${url}/none.wav"}}, {play: {url: "${url}/b.mp3"}}, {pause: 1s}]}}\n`,
    )
    expect(await made.session().next(START)).toMatchObject({ performance: { kind: 'pause' } })
    const reasons = made.lines.map(([level, fields]) => [level, 'err' in fields && String(fields.err)])
    expect(reasons).toEqual([
      ['warn', 'WebFault: the answer is 404'],
      ['warn', expect.stringMatching(/^SoundFault: is not a WAV file/) as string],
    ])
  })

  test('of a menu are heard with its pauses, as long as they take together', async () => {
    const sounds = folder()
    writeFileSync(join(sounds, 'one.wav'), wav({}))
    const prompts = '[{play: {file: one.wav, times: 2}}, {pause: 500ms}, {play: {file: one.wav}}]'
    const section = `  sounds: ${sounds}\n  sources: {main: {do: [{gather: {prompts: ${prompts}, max-digits: 1, timeout: 1s}}]}}\n`
    const next = await site(section).session().next(START)
    const one = join(sounds, 'one.wav')
    const [, , silence = ''] = files(next)
    expect(files(next)).toEqual([one, one, silence, one])
    expect(wavLength(readFileSync(silence), 8044)).toBe(500)
    expect(next).toMatchObject({ limitMs: 300 + 500 + 2000 + 2000 })
  })

  test('that are long silences are a short one over and over, which all calls share', async () => {
    const menu = '<Gather numDigits="1" timeout="1"><Pause length="600"/><Pause length="12"/></Gather>'
    const { url } = await app({ '/voice': twiml(menu) })
    const made = site(`  sources: {main: {twiml: "${url}/voice"}}\n`)
    const next = await made.session().next(START)
    const heard = files(next)
    const [ten = '', two = ''] = [...new Set(heard)]
    expect(heard).toEqual([...Array.from({ length: 61 }, () => ten), two])
    expect([ten, two].map((path) => wavLength(readFileSync(path), 1_000_000))).toEqual([10_000, 2000])
    expect(next).toMatchObject({ limitMs: 612_000 + 2000 + 2000 })
    expect(files(await made.session().next(START))).toEqual(heard)
  })

  test('of a menu are fetched one after another', async () => {
    let [under, most] = [0, 0]
    const slow: Page = (_asked, response) => {
      most = Math.max(most, ++under)
      setTimeout(() => {
        under--
        response.writeHead(200, { 'content-type': 'audio/wav' }).end(wav({}))
      }, 30)
    }
    const names = ['/1.wav', '/2.wav', '/3.wav']
    const { url, asked } = await app(Object.fromEntries(names.map((name) => [name, slow])))
    const prompts = names.map((name) => `{play: {url: "${url}${name}"}}`).join(', ')
    const next = await site(`  sources: {main: {do: [{gather: {prompts: [${prompts}]}}]}}\n`)
      .session()
      .next(START)
    expect(files(next)).toHaveLength(3)
    expect(asked.map(({ path }) => path)).toEqual(names)
    expect(most).toBe(1)
  })

  test('of a menu are fetched no more once the caller is gone', async () => {
    const hungUp = ending('cancelled', 'caller')
    const { url, asked } = await app({
      '/1.wav': (_asked, response) => {
        void call.ended({ ending: hungUp, answeredMs: null, talk: null })
        response.writeHead(200, { 'content-type': 'audio/wav' }).end(wav({}))
      },
      '/2.wav': respond(wav({}), 'audio/wav'),
    })
    const prompts = `{play: {url: "${url}/1.wav"}}, {play: {url: "${url}/2.wav"}}`
    const call = site(`  sources: {main: {do: [{gather: {prompts: [${prompts}]}}]}}\n`).session()
    await call.next(START)
    expect(asked.map(({ path }) => path)).toEqual(['/1.wav'])
  })

  test('are spoken by the speech engine where there is one', async () => {
    const { url, asked } = await app({ '/say': respond(wav({}), 'audio/wav') })
    const section = `  speech: {url: "${url}/say", headers: {x-key: k}}\n  sources: {main: {do: [{say: {text: Hello, language: en-GB}}]}}\n`
    const made = site(section)
    const [path = ''] = files(await made.session().next(START))
    expect(files(await made.session().next(START))).toEqual([path])
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({
      method: 'POST',
      headers: { 'x-key': 'k', 'content-type': 'application/json' },
    })
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ text: 'Hello', language: 'en-GB', voice: null })
  })

  test('are fetched from where the speech engine redirects to, without its key and without a body', async () => {
    const store = await app({ '/kept.wav': respond(wav({}), 'audio/wav') })
    const engine = await app({ '/say': redirect('/here'), '/here': redirect(`${store.url}/kept.wav`) })
    const speech = `  speech: {url: "${engine.url}/say", headers: {x-key: k}}\n`
    const made = site(`${speech}  sources: {main: {do: [{say: {text: Hello}}]}}\n`)
    expect(files(await made.session().next(START))).toHaveLength(1)
    // The engine itself is asked with the key, wherever it leads on its own host.
    expect(engine.asked.map(({ method, headers }) => [method, headers['x-key']])).toEqual([
      ['POST', 'k'],
      ['GET', 'k'],
    ])
    const [kept] = store.asked
    expect(kept).toMatchObject({ method: 'GET', body: '' })
    expect(kept?.headers).not.toHaveProperty('x-key')
    expect(kept?.headers).not.toHaveProperty('content-type')
  })

  test('are asked for again without the key where the speech engine hands a text on', async () => {
    const other = await app({ '/say': respond(wav({}), 'audio/wav') })
    const engine = await app({ '/say': redirect(`${other.url}/say`, 307) })
    const speech = `  speech: {url: "${engine.url}/say", headers: {x-key: k}}\n`
    const made = site(`${speech}  sources: {main: {do: [{say: {text: Hello}}]}}\n`)
    await made.session().next(START)
    expect(other.asked[0]).toMatchObject({ method: 'POST', body: engine.asked[0]?.body })
    expect(other.asked[0]?.headers).not.toHaveProperty('x-key')
  })
})

describe('the cache of sounds', () => {
  const load =
    (bytes: number, keepMs = 60_000_000) =>
    () =>
      Promise.resolve({ body: silentWav((bytes - 44) / 16), keepMs })

  test('never holds more than its size, and gives up first what was not used for longest', async () => {
    const clock = new FakeClock()
    const within = folder()
    const cache = new SoundCache(within, 3000, clock)
    open.push(() => cache.close())
    const first = await cache.get('a', load(1004))
    const second = await cache.get('b', load(1004))
    // What was given out within the last minute is not taken away: there is no room.
    await expect(cache.get('c', load(1004))).rejects.toThrow('finds no room in the cache of sounds')
    clock.advance(61_000)
    expect((await cache.get('a', load(1004))).path).toBe(first.path)
    const third = await cache.get('c', load(1004))
    expect([first, second, third].map(({ path }) => existsSync(path))).toEqual([true, false, true])
    await cache.close()
    expect(readdirSync(within)).toEqual([])
  })

  test('loads a sound once that several calls want at the same time, and again when it is too old', async () => {
    const clock = new FakeClock()
    const cache = new SoundCache(undefined, 1_000_000, clock)
    open.push(() => cache.close())
    let loads = 0
    const counting = () => {
      loads++
      return load(1004, 1000)()
    }
    const [one, two] = await Promise.all([cache.get('a', counting), cache.get('a', counting)])
    expect([one.path, loads]).toEqual([two.path, 1])
    clock.advance(1001)
    expect((await cache.get('a', counting)).path).not.toBe(one.path)
    expect(loads).toBe(2)
  })

  test('forgets what could not be loaded', async () => {
    const cache = new SoundCache(undefined, 1_000_000, new FakeClock())
    open.push(() => cache.close())
    await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
    expect((await cache.get('a', load(1004))).ms).toBe(60)
  })
})
