import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import twilio from 'twilio'

const { VoiceResponse } = twilio.twiml

export interface AppOptions {
  /** Signs the requests; the `auth-token` of the instructions. */
  readonly authToken: string
  /** Where the application is asked, as it stands in the configuration, without a path. */
  readonly publicUrl: string
  /** A WAV file that says what to dial. */
  readonly menu: string
}

type Parameters = Readonly<Record<string, string>>
type Page = (parameters: Parameters) => string

/** Greets a caller, asks for a digit, and rings whom it stands for. */
export function createApp(options: AppOptions): Server {
  const pages: Readonly<Record<string, Page>> = {
    '/voice': () => menu(options.menu),
    '/chosen': ({ Digits }) => chosen(Digits),
    '/dialled': ({ DialCallStatus }) => dialled(DialCallStatus),
  }
  return createServer((request, response) => {
    handle(request, response, options, pages).catch((error: unknown) => {
      console.error(error)
      response.writeHead(500).end()
    })
  })
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { authToken, publicUrl }: AppOptions,
  pages: Readonly<Record<string, Page>>,
): Promise<void> {
  const parameters = Object.fromEntries(new URLSearchParams(await bodyOf(request)))
  const signature = String(request.headers['x-twilio-signature'] ?? '')
  const url = publicUrl + (request.url ?? '')
  if (!twilio.validateRequest(authToken, signature, url, parameters))
    return void response.writeHead(403).end()
  const page = pages[new URL(url).pathname]
  if (page === undefined) return void response.writeHead(404).end()
  response.writeHead(200, { 'content-type': 'text/xml' }).end(page(parameters))
}

function menu(sound: string): string {
  const answer = new VoiceResponse()
  const gather = answer.gather({ numDigits: 1, timeout: 4, action: '/chosen' })
  gather.play({ loop: 2 }, sound)
  // Nothing was dialled.
  answer.dial({ timeout: 30 }).client('reception')
  return answer.toString()
}

function chosen(digits: string | undefined): string {
  const answer = new VoiceResponse()
  switch (digits) {
    case '1': {
      const dial = answer.dial({ timeout: 20, action: '/dialled' })
      dial.client('sales')
      dial.number('+15550142')
      break
    }
    case '2':
      answer.dial({ timeout: 20, action: '/dialled', sequential: true, callerId: '+15559000' }, '+15550199')
      break
    default:
      answer.redirect('/voice')
  }
  return answer.toString()
}

function dialled(status: string | undefined): string {
  const answer = new VoiceResponse()
  if (status !== 'completed') answer.dial({ timeout: 30 }).client('reception')
  else answer.hangup()
  return answer.toString()
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
