/** Which apps asked for which requests, and whose turn it is (round robin, one turn a verb). */
export class Routes<App> {
  private readonly byVerb = new Map<string, { apps: App[]; turn: number }>()

  add(verb: string, app: App): void {
    const route = this.byVerb.get(verb) ?? { apps: [], turn: 0 }
    route.apps.push(app)
    this.byVerb.set(verb, route)
  }

  remove(verb: string, app: App): void {
    const route = this.byVerb.get(verb)
    if (!route) return
    route.apps = route.apps.filter((other) => other !== app)
    if (route.apps.length === 0) this.byVerb.delete(verb)
  }

  removeApp(app: App): void {
    for (const verb of [...this.byVerb.keys()]) this.remove(verb, app)
  }

  /** The app whose turn it is to get a request of that method. */
  next(method: string): App | undefined {
    const route = this.byVerb.get(method.toLowerCase())
    if (!route) return undefined
    const app = route.apps[route.turn % route.apps.length]
    route.turn = (route.turn + 1) % route.apps.length
    return app
  }
}
