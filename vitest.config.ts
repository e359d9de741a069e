import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/emulators/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Suites start processes of their own; two workers keep a two-core machine honest.
    maxWorkers: 2,
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
