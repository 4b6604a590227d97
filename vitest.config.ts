import { defineConfig } from 'vitest/config'
import { COMPILED } from './test/support/compiled.ts'
import { CountReporter } from './test/support/count-reporter.ts'

const INTEGRATION = ['boundary', 'faults', 'record', 'replay', 'sdk', 'trial', 'suite', 'world']
const E2E = ['cli', 'e2e', 'package', 'examples', 'gates']

const filesOf = (rooms: string[]) => rooms.flatMap((room) => [`test/${room}/**/*.test.ts`, `test/${room}.test.ts`])

export default defineConfig({
  test: {
    pool: 'forks',
    slowTestThreshold: 5_000,
    maxWorkers: 2,
    reporters: ['default', new CountReporter()],
    projects: [
      {
        // Everything that is neither of the others, so that a new folder of tests cannot be left out.
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: filesOf([...INTEGRATION, ...E2E]),
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: filesOf(INTEGRATION),
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: filesOf(E2E),
          globalSetup: 'test/support/build.ts',
          setupFiles: 'test/support/require-build.ts',
          env: { NODE_COMPILE_CACHE: COMPILED },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['test/types/*.test-d.ts'],
            // Errors elsewhere are for the gate `types`.
            ignoreSourceErrors: true,
          },
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
