import type { Reporter, SerializedError, TestModule, TestRunEndReason } from 'vitest/node'

/** Prints one plain line after the summary, `N passed, N failed[, N skipped]`: the line to read in a log or a script. */
export class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[], reason: TestRunEndReason): void {
    const count = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      const before = count.failed
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        // A test still pending at the end never gave its answer.
        count[state === 'pending' ? 'failed' : state] += 1
      }
      // A file that fails to load, or a hook that throws, has no failed test of its own.
      if (!module.ok() && count.failed === before) count.failed += 1
    }
    // A run that was interrupted, or in which no test ran, is no pass.
    if (count.failed === 0 && (reason !== 'passed' || count.passed === 0)) count.failed = 1
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : ''
    process.stdout.write(`\n${count.passed} passed, ${count.failed} failed${skipped}\n`)
  }
}
