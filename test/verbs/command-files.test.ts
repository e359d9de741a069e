import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runNode, testCache } from '../fakes/processes/runner.ts';
import { Project } from '../fixtures/project.ts';

const root = join(import.meta.dirname, '..', '..');
const edge = join(root, 'src', 'action.ts');
/** The action as its stub starts it, from the sources. */
const script = `process.exitCode = await (await import(${JSON.stringify(edge)})).runAction('publish', ${JSON.stringify(join(root, 'dist'))});`;

let project: Project;
let files: string;
beforeEach(() => {
  project = new Project();
  files = mkdtempSync(join(tmpdir(), 'coldgate-files-'));
});
afterEach(() => {
  project.remove();
  rmSync(files, { recursive: true });
});

const publish = (env: Record<string, string>) =>
  runNode(['--input-type=module', '-e', script], project.folder, {
    ...{ GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: project.folder, COLDGATE_CACHE: testCache, RUNNER_TEMP: files },
    ...env,
  });

/** What may lie where the runner's file should be. */
const places: [string, (path: string) => void][] = [
  ['nothing', () => {}],
  ['a folder', (path) => mkdirSync(path)],
  ['a named pipe that nobody reads', (path) => execFileSync('mkfifo', [path])],
  ['a link to nowhere', (path) => symlinkSync(join(files, 'nowhere'), path)],
  ['a path through a file', (path) => writeFileSync(path.replace(/\/[^/]*$/, ''), '')],
];
const pathFor = (what: string) => (what.startsWith('a path') ? join(files, 'file', 'output') : join(files, 'output'));

describe('GITHUB_OUTPUT', () => {
  it.each(places)('that is %s stops the action before anything is done', async (what, make) => {
    make(pathFor(what));
    const refused = await publish({ GITHUB_OUTPUT: pathFor(what) });
    expect([refused.exit, refused.stdout]).toEqual([2, expect.stringContaining('The outputs could not be written')]);
    expect(refused.stdout).toContain('GITHUB_OUTPUT must name the file that the runner made for this step');
    expect(existsSync(project.path('store'))).toBe(false);
  });
});

describe('the file that the runner made', () => {
  it('gets the outputs: what the hint asks for', async () => {
    const right = join(files, 'right');
    writeFileSync(right, '');
    expect((await publish({ GITHUB_OUTPUT: right })).exit).toBe(0);
    expect(readFileSync(right, 'utf8')).toContain('published');
  });
});

describe('GITHUB_STEP_SUMMARY', () => {
  it.each(places)('that is %s costs the summary alone', async (what, make) => {
    make(pathFor(what));
    const { exit, stdout } = await publish({ GITHUB_STEP_SUMMARY: pathFor(what) });
    expect([exit, stdout]).toEqual([0, expect.stringContaining('The job summary could not be written')]);
  });
});

describe('other files of the runner', () => {
  it('may be anything', async () => {
    const env = Object.fromEntries(
      places.slice(0, 4).map(([, make], at) => {
        const path = join(files, String(at));
        make(path);
        return [['GITHUB_ENV', 'GITHUB_STATE', 'GITHUB_PATH', 'GITHUB_EVENT_PATH'][at], path];
      }),
    );
    expect((await publish(env)).exit).toBe(0);
  });
});
