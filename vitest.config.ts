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
          exclude: ['test/process/**', 'test/engines/**'],
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
      {
        // The built program on real servers, which only one file at a time can load, and kill.
        extends: true,
        test: {
          name: 'engines',
          include: ['test/engines/**/*.test.ts'],
          globalSetup: ['test/engines/setup.ts'],
          sequence: { groupOrder: 2 },
          maxWorkers: 1,
        },
      },
    ],
  },
})
