import { rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { act } from '../emulators/act.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart } from '../emulators/servers.ts';
import { push } from '../github/payloads.ts';
import { type ActResult, runAct } from './act-run.ts';
import { copyOfTree } from './repository.ts';

const workflow = '.github/workflows/self-test.yml';
const payload = push({ ref: 'refs/heads/main' });
const failed = ({ steps }: ActResult) => steps.filter((s) => s.result === 'failure').map(({ step }) => step);

describePart('act', whyNot(act), 'this repository’s own workflows', () => {
  const folder = copyOfTree();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('test the five actions, a refused version included', async () => {
    const ran = await runAct(folder, {
      event: 'push',
      workflow,
      payload,
      job: 'chain',
      matrix: 'os:ubuntu-latest',
    });
    expect(ran.ok, ran.text).toBe(true);
    expect(failed(ran)).toEqual(['./actions/publish-model']);
    expect(ran.outputs).toMatchObject({ published: 'true', verdict: 'pass', promoted: 'true' });
  });

  it('test the root action: a mistyped verb and a broken SLO stop it, and the old version stays', async () => {
    const ran = await runAct(folder, { event: 'push', workflow, payload, job: 'root' });
    expect(ran.ok, ran.text).toBe(true);
    expect(failed(ran)).toEqual(['./', './']);
  });
});
