import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { fits, longestFirst } from './scripts/test-tiers.mjs';

/** Where the entry stands that fits a test file; behind all of them for others. */
function rankOf({ moduleId }: TestSpecification): number {
  const path = relative(import.meta.dirname, moduleId);
  const at = longestFirst.findIndex((entry) => fits(entry, path));
  return at < 0 ? longestFirst.length : at;
}

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rankOf(a) - rankOf(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Parts of a copy of this repository, see recipes.test.ts.
    exclude: ['test/recipes/files/**'],
    globalSetup: ['test/emulators/global-setup.ts'],
    // Far above what the slowest takes on two quiet cores: a machine that is busy with something else fails no test.
    testTimeout: 360_000,
    hookTimeout: 360_000,
    // Half of what suites do is to wait, for servers, processes and pauses: on two cores the third worker takes a quarter off
    // their time, and a fourth nothing more.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    // Suites start some thousand processes from the sources; with what V8 and the TypeScript reader made of them kept, a
    // process of the command line starts in half the time (NODE_COMPILE_CACHE of Node's documentation).
    env: {
      ORT_DISABLE_TELEMETRY: '1',
      NODE_COMPILE_CACHE: join(import.meta.dirname, '.cache', 'compiled'),
    },
  },
});
