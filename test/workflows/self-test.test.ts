import { rmSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { act } from '../emulators/act.ts';
import { whyNot } from '../emulators/part.ts';
import { describePart } from '../emulators/servers.ts';
import { runAct } from './act-run.ts';
import { copyOfTree } from './repository.ts';

describePart('act', whyNot(act), 'this repository’s own workflows', () => {
  const folder = copyOfTree();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('test the five actions and the root action, their failures included', async () => {
    const ran = await runAct(folder, {
      event: 'push',
      workflow: '.github/workflows/self-test.yml',
      matrix: 'os:ubuntu-latest',
    });
    expect(ran.ok, ran.text).toBe(true);
    expect(ran.steps.filter(({ result }) => result === 'failure').map(({ step }) => step)).toEqual([
      './actions/publish-model',
    ]);
    expect(ran.outputs).toMatchObject({ published: 'true', verdict: 'pass', promoted: 'true' });
  });
});
