import type { Reporter, TestModule, TestSuite } from 'vitest/node'

/** Ends a run with what was left out, in a line, and with "N passed, N failed" on a line of its own. */
export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const states = modules.flatMap((module) =>
      [...module.children.allTests()].map((one) => one.result().state),
    )
    const failed = states.filter((state) => state === 'failed').length
    // A file that cannot be read has no tests that could fail.
    const broken = modules.filter((module) => module.errors().length > 0).length
    const notRun = leftOut(modules)
    const lines = [
      ...(notRun.length > 0 ? [`left out: ${notRun.join('; ')}`] : []),
      `${states.filter((state) => state === 'passed').length} passed, ${failed + broken + unhandledErrors.length} failed`,
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
  }
}

/** The suites of which nothing was run, outermost only, by file and name; and single tests by their number. */
function leftOut(modules: readonly TestModule[]): string[] {
  return modules.flatMap((module) => {
    const suites = [...module.children.suites()].filter((suite) => nothingRan(suite))
    const inSuites = suites.reduce((sum, suite) => sum + [...suite.children.allTests()].length, 0)
    const single = [...module.children.allTests('skipped')].length - inSuites
    const file = module.relativeModuleId
    return [
      ...suites.map((suite) => `${file}: ${suite.name}`),
      ...(single > 0 ? [`${file}: ${single} of its tests`] : []),
    ]
  })
}

function nothingRan(suite: TestSuite): boolean {
  const tests = [...suite.children.allTests()]
  return tests.length > 0 && tests.every((one) => one.result().state === 'skipped')
}
