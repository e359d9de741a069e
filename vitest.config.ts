import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Parts of a copy of this repository, see recipes.test.ts.
    exclude: ['test/recipes/files/**'],
    globalSetup: ['test/emulators/global-setup.ts'],
    // Far above what the slowest takes on two quiet cores: a machine that is busy with something else fails no test.
    testTimeout: 360_000,
    hookTimeout: 360_000,
    // Suites start processes of their own; two workers keep a two-core machine honest.
    maxWorkers: 2,
    // Suites start some thousand processes from the sources; with what V8 and the TypeScript reader made of them kept, a
    // process of the command line starts in half the time (NODE_COMPILE_CACHE of Node's documentation).
    env: {
      ORT_DISABLE_TELEMETRY: '1',
      NODE_COMPILE_CACHE: join(import.meta.dirname, '.cache', 'compiled'),
    },
  },
});
