import { join } from 'node:path';
import { dist, testCache } from '../test/fakes/processes/runner.ts';
import type { Project } from '../test/fixtures/project.ts';
import { type Ran, runProcess } from './run-process.ts';

/** Runs a command of the built command line in the project. */
export const coldgate = (project: Project, env: Record<string, string>, ...args: string[]): Promise<Ran> =>
  runProcess(process.execPath, [join(dist, 'cli.js'), ...args], {
    cwd: project.folder,
    env: { ...env, COLDGATE_CACHE: testCache },
  });
