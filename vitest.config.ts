import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two-core machines: more workers only make real-socket tests late.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/process/**'],
          globalSetup: ['test/support/database-setup.ts'],
        },
      },
      {
        // The built program, in processes of its own; when nothing else competes for the machine.
        extends: true,
        test: {
          name: 'process',
          include: ['test/process/**/*.test.ts'],
          globalSetup: ['test/process/setup.ts', 'test/support/database-setup.ts'],
          sequence: { groupOrder: 1 },
          // They wait for the longest timers of SIP more than they compute.
          maxWorkers: 3,
        },
      },
    ],
  },
})
