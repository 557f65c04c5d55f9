import { newId } from '../ids.js'
import type { SipMessage } from '../message/message.js'
import { toText } from '../message/serialize.js'
import { advertisedAddress } from '../transport/local-address.js'
import type { Flow, Protocol } from '../transport/transport.js'
import type { Source } from './app.js'

/*
 * The frames that go to an app, in the fields and order of drachtio-server 0.9. META is
 * `source|bytes|protocol|address|port|time`.
 */

/** Time of day in UTC, with microseconds. */
export function timeOfDay(now = performance.timeOrigin + performance.now()): string {
  const micros = Math.floor((now % 1000) * 1000)
  return `${new Date(now).toISOString().slice(11, 19)}.${String(micros).padStart(6, '0')}`
}

function meta(source: Source, text: string, flow: Flow, address: string, port: number): string {
  return `${source}|${Buffer.byteLength(text)}|${word(flow.point.protocol)}|${address}|${port}|${timeOfDay()}`
}

/** drachtio-server calls a WebSocket connection by what is beneath it, with TLS or without. */
function word(protocol: Protocol): string {
  return protocol === 'ws' || protocol === 'wss' ? 'tcp' : protocol
}

function remoteMeta(source: Source, text: string, flow: Flow): string {
  return meta(source, text, flow, flow.remote.address, flow.remote.port)
}

/** For requests that this side sends, META names the local address. */
function localMeta(text: string, flow: Flow): string {
  const { host, port } = advertisedAddress(flow.point, flow.remote.address)
  return meta('application', text, flow, host, port)
}

/** A request that belongs to no dialog, with the address that it came in on. */
export function newRequestFrame(transactionId: string, message: SipMessage, flow: Flow): string {
  const text = toText(message)
  const { host, port } = advertisedAddress(flow.point, flow.remote.address)
  return `${newId()}|sip|${remoteMeta('network', text, flow)}|${transactionId}||${host}|${port}|\r\n${text}`
}

/** A request within a dialog, a CANCEL (whose dialog id may be empty), or a response. */
export function messageFrame(
  transactionId: string,
  dialogId: string,
  message: SipMessage,
  flow: Flow,
): string {
  const text = toText(message)
  return `${newId()}|sip|${remoteMeta('network', text, flow)}|${transactionId}|${dialogId}|\r\n${text}`
}

/** A request that the server made by itself: the app learns that its dialog is over. */
export function unsolicitedFrame(dialogId: string, message: SipMessage, flow: Flow): string {
  const text = toText(message)
  return `${newId()}|sip|${localMeta(text, flow)}|unsolicited|${dialogId}|\r\n${text}`
}

export function okFrame(requestId: string, data?: string): string {
  return `${newId()}|response|${requestId}|OK${data === undefined ? '' : `|${data}`}`
}

/** A command that could not be done. */
export function notOkFrame(requestId: string, reason: string): string {
  return `${newId()}|response|${requestId}|NOK|${reason.replace(/[|\r\n]+/g, ' ')}`
}

/** A command that was not even understood, or not allowed; the connection is closed after it. */
export function refusedFrame(requestId: string, reason: string): string {
  return `${newId()}|response|${requestId}|NO|${reason}`
}

export function requestSentFrame(
  requestId: string,
  transactionId: string,
  message: SipMessage,
  flow: Flow,
): string {
  const text = toText(message)
  return okFrame(requestId, `${localMeta(text, flow)}|${transactionId}|Msg sent:|\r\n${text}`)
}

export function responseSentFrame(
  requestId: string,
  transactionId: string,
  dialogId: string,
  message: SipMessage,
  flow: Flow,
): string {
  const text = toText(message)
  const fields = `${remoteMeta('application', text, flow)}|${transactionId}|${dialogId}||Msg sent:|`
  return okFrame(requestId, `${fields}\r\n${text}`)
}

/** A final response that a proxied request got; more may follow. */
export function proxyResponseFrame(requestId: string, message: SipMessage, flow: Flow): string {
  const text = toText(message)
  return okFrame(requestId, `${remoteMeta('network', text, flow)}|||continue\r\n${text}`)
}

export function cdrFrame(
  record: string,
  source: Source,
  extra: string | undefined,
  message: SipMessage,
): string {
  const tail = extra === undefined ? '' : `|${extra}`
  return `${newId()}|${record}|${source}|${timeOfDay()}${tail}\r\n${toText(message)}`
}
