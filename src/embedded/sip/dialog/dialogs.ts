import type { App } from '../control/app.js'
import { callIdOf, fromTag, toTag, type SipRequest } from '../message/message.js'
import type { Dialog } from './dialog.js'
import { oneText } from '../one-text.js'

/** All dialogs, found by what apps call them and by what peers call them. */
export class Dialogs {
  private readonly byId = new Map<string, Dialog>()
  /** By Call-ID and this side's tag: the two that this side chose or agreed to alone are unique together. */
  private readonly byLocalTag = new Map<string, Dialog>()
  private readonly byCallId = new Map<string, Set<Dialog>>()
  private readonly byApp = new Map<App, Set<Dialog>>()

  get size(): number {
    return this.byLocalTag.size
  }

  add(dialog: Dialog): void {
    this.byId.set(dialog.id, dialog)
    this.byLocalTag.set(localKey(dialog.callId, dialog.localTag), dialog)
    put(this.byCallId, dialog.callId, dialog)
    put(this.byApp, dialog.app, dialog)
  }

  remove(dialog: Dialog): void {
    dialog.ended = true
    // A retried INVITE has the same Call-ID and tag, and may have taken the place already.
    if (this.byId.get(dialog.id) === dialog) this.byId.delete(dialog.id)
    const key = localKey(dialog.callId, dialog.localTag)
    if (this.byLocalTag.get(key) === dialog) this.byLocalTag.delete(key)
    drop(this.byCallId, dialog.callId, dialog)
    drop(this.byApp, dialog.app, dialog)
  }

  find(id: string): Dialog | undefined {
    return this.byId.get(id)
  }

  /** The dialog that a request from a peer belongs to (§12.2.2). */
  match(request: SipRequest): Dialog | undefined {
    const local = toTag(request)
    if (local === undefined) return undefined
    const dialog = this.byLocalTag.get(localKey(callIdOf(request), local))
    if (!dialog) return undefined
    // As UAC the peer's tag is unknown until it answers; then each fork has its own.
    return dialog.remoteTag === undefined || dialog.remoteTag === fromTag(request) ? dialog : undefined
  }

  /** A confirmed dialog of that Call-ID. */
  ofCall(callId: string): Dialog | undefined {
    for (const dialog of this.byCallId.get(callId) ?? []) if (dialog.confirmed) return dialog
    return undefined
  }

  ofApp(app: App): Dialog[] {
    return [...(this.byApp.get(app) ?? [])]
  }
}

function localKey(callId: string, tag: string): string {
  return oneText('|', callId, tag)
}

function put<K>(index: Map<K, Set<Dialog>>, key: K, dialog: Dialog): void {
  const set = index.get(key)
  if (set) set.add(dialog)
  else index.set(key, new Set([dialog]))
}

function drop<K>(index: Map<K, Set<Dialog>>, key: K, dialog: Dialog): void {
  const set = index.get(key)
  set?.delete(dialog)
  if (set?.size === 0) index.delete(key)
}
