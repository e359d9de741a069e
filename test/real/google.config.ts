import { defineConfig } from 'vitest/config';

/** Only for `node scripts/real-google.mjs`: these tests want a project, and the suite must not find them. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['google.ts'],
    // Changes of a service take seconds each, gateways minutes, and some points make many.
    testTimeout: 30 * 60_000,
    hookTimeout: 10 * 60_000,
    maxWorkers: 1,
  },
});
