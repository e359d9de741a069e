import { silentLogger } from '../../src/log.ts';
import type { Context } from '../../src/steps/verb.ts';

/** A context for verbs that touch nothing but files below `cwd`. */
export const contextIn = (cwd: string): Context => ({
  log: silentLogger,
  env: {},
  cwd,
  cacheDir: cwd,
  handlerDir: cwd,
  now: () => new Date('2026-01-12T09:00:00Z'),
  actor: 'tester',
  runUrl: undefined,
  source: async () => ({}),
  dryRun: false,
  signal: new AbortController().signal,
});
