import { expect, it } from 'vitest'
import type { EslConnection, EslEvent } from '../../../src/adapters/freeswitch/fsmrf.js'
import { Player } from '../../../src/adapters/freeswitch/player.js'
import { endless, performed } from '../../../src/adapters/freeswitch/playlist.js'
import { Stage } from '../../../src/adapters/freeswitch/stage.js'
import { MediaError, type Sound } from '../../../src/ports/media.js'

const file = (name: string): Sound => ({ kind: 'file', path: `/srv/${name}.wav` })

/** A channel that writes down what it is told, and whose playbacks end when the test says so. */
function channel() {
  const told: string[] = []
  const playbacks: ((done: EslEvent) => void)[] = []
  const connection = {
    execute(application: string, argument: string, done: (event: EslEvent) => void): string {
      told.push(`${application} ${argument}`)
      playbacks.push(done)
      return ''
    },
  } as Partial<EslConnection> as EslConnection
  const player = new Player(connection, () => told.push('break'))
  /** The oldest playback that is under way is over. */
  const ends = (response: string | null = 'FILE PLAYED', samples = '1600'): void => {
    const headers: Record<string, string | null> = {
      'Application-Response': response,
      variable_playback_samples: samples,
    }
    playbacks.shift()?.({ getHeader: (name) => headers[name] ?? null, getBody: () => '' })
  }
  return { player, told, ends }
}

function staged() {
  const { player, ...rest } = channel()
  const stage = new Stage()
  stage.attach(player)
  return { stage, player, ...rest }
}

it('plays streams one after the other, each ordered when the one before is over', async () => {
  const { stage, told, ends } = staged()
  const performing = stage.begin(performed([file('a'), file('b')], 2))
  expect(told).toEqual(['playback /srv/a.wav'])
  for (let n = 0; n < 4; n++) ends()
  expect(await performing).toBe('finished')
  expect(told).toEqual(['a', 'b', 'a', 'b'].map((name) => `playback /srv/${name}.wav`))
  expect(stage.playing).toBe(false)
})

it('breaks off what is replaced, and takes its end for nothing', async () => {
  const { stage, told, ends } = staged()
  const first = stage.begin(performed([file('a')], 9))
  const second = stage.begin(performed([file('b')], 1))
  expect(await first).toBe('stopped')
  expect(told).toEqual(['playback /srv/a.wav', 'break', 'playback /srv/b.wav'])
  ends()
  expect(stage.playing).toBe(true)
  ends()
  expect(await second).toBe('finished')
  expect(told).toHaveLength(3)
})

it('breaks nothing off where nothing is played any more', async () => {
  const { stage, told, ends } = staged()
  void stage.begin(performed([file('a')], 1))
  ends()
  const nothing = stage.begin(performed([], 3))
  expect(await nothing).toBe('finished')
  expect(told).toEqual(['playback /srv/a.wav'])
})

it('plays a recording anew at its end, and a tone that ends by itself is begun again', () => {
  const { stage, told, ends } = staged()
  void stage.begin(endless(file('a')))
  ends()
  ends()
  expect(told).toEqual(Array(3).fill('playback /srv/a.wav'))
})

it.each([
  ['FILE NOT FOUND', '0', /\/srv\/a\.wav: FILE NOT FOUND/],
  ['PLAYBACK ERROR', '0', /PLAYBACK ERROR/],
  // Played for ever, it would be ordered without a pause.
  ['FILE PLAYED', '0', /no samples/],
  [null, '0', /no word/],
])('ends at a recording of which FreeSWITCH says %s, of %s samples', async (response, samples, why) => {
  const { stage, told, ends } = staged()
  const performing = stage.begin(endless(file('a')))
  ends(response, samples)
  await expect(performing).rejects.toThrow(why)
  await expect(performing).rejects.toMatchObject({ code: 'not-acceptable' })
  expect(told).toHaveLength(1)
  expect(stage.playing).toBe(false)
})

it('begins what was wanted last when the channel is there', async () => {
  const { player, told, ends } = channel()
  const stage = new Stage()
  const first = stage.begin(performed([file('a')], 1))
  const second = stage.begin(performed([file('b')], 1))
  stage.attach(player)
  ends()
  expect(await Promise.all([first, second])).toEqual(['stopped', 'finished'])
  expect(told).toEqual(['playback /srv/b.wav'])
})

it('orders nothing more when something else ended it', async () => {
  const { stage, told, ends } = staged()
  const stopped = stage.begin(performed([file('a')], 9))
  stage.end('stopped')
  expect(await stopped).toBe('stopped')
  const lost = stage.begin(performed([file('b')], 9))
  stage.end(new MediaError('lost', 'gone'))
  await expect(lost).rejects.toMatchObject({ code: 'lost' })
  ends()
  ends()
  // A bridge or a BYE ends what is played: nothing is to be broken off.
  expect(told).toEqual(['playback /srv/a.wav', 'playback /srv/b.wav'])
})
