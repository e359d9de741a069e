import { defineConfig } from 'vitest/config';

/** Only for `node scripts/real-stores.mjs`: these tests want an account, and the suite must not find them. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['stores.ts'],
    // A request over the Internet takes its time, and Google lets one object change about once a second.
    testTimeout: 15 * 60_000,
    hookTimeout: 5 * 60_000,
    maxWorkers: 1,
  },
});
