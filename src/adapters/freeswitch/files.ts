import { resolve } from 'node:path'
import { MediaError } from '../../ports/media.js'

/**
 * The argument of `playback` for a recording. FreeSWITCH opens it itself: it must see it under the same path.
 * @throws MediaError `not-acceptable` for a path that it would take for something else: it expands `${…}`, which can
 *   run commands, takes a prefix in brackets for parameters and a scheme for another source, and a line break ends
 *   the command
 */
export function fileOf(path: string): string {
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  if (path === '' || /[\u0000-\u001f\u007f${}[\]]|:\/\//.test(path)) {
    throw new MediaError('not-acceptable', `FreeSWITCH cannot be given the path ${JSON.stringify(path)}`)
  }
  return resolve(path)
}
