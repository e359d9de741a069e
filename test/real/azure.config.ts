import { defineConfig } from 'vitest/config';

/** Only for `node scripts/real-azure.mjs`: these tests want a resource group, and the suite must not find them. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['azure.ts'],
    // Updates of an app take seconds each, roles minutes, and some points make many.
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
    maxWorkers: 1,
  },
});
