import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { Project } from '../fixtures/project.ts';

let project: Project;
const run = (line: string) => runInProcess(project.folder, line.split(' '));
beforeAll(() => {
  project = new Project();
});
afterAll(async () => {
  await run('destroy');
  project.remove();
});

describe('coldgate ping', () => {
  it('says where nothing is live what makes it so, and that does', async () => {
    const failed = await run('ping');
    expect(failed).toMatchObject({ exit: 7, code: 'not-live' });
    const [, line = ''] = /: coldgate (.+)$/.exec(failed.hint) ?? [];
    expect((await run(line)).exit).toBe(0);
    expect(await run('ping')).toMatchObject({ exit: 0 });
  });

  it('asks the live function once, which then has its model', async () => {
    const { document } = await run('ping --every 10m');
    expect(document).toMatchObject({
      environment: 'local',
      version: '1.0.0',
      cold: false,
      pings: 4320,
      'usd-a-month': null,
    });
    expect(document).toHaveProperty('endpoint-url', expect.stringContaining('http://127.0.0.1'));
  });
});
