// Ends with 0 where the server's event loop turns, and with 1 where it does not; why not is on stderr.
import { get } from 'node:http'
import process from 'node:process'

const url = process.env.HEALTH_URL ?? 'http://127.0.0.1:8080/healthz'

get(url, { timeout: 2_500 }, (response) => {
  response.resume()
  if (response.statusCode !== 200) fail(`${url} answered ${response.statusCode}`)
})
  .on('timeout', function () {
    this.destroy(new Error(`${url} did not answer`))
  })
  .on('error', ({ message }) => fail(message))

function fail(why) {
  process.stderr.write(`${why}\n`)
  process.exitCode = 1
}
