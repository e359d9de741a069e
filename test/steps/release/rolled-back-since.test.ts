import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPointer } from '../../../src/registry/pointer/read-pointer.ts';
import { openWorkspace } from '../../../src/steps/workspace.ts';
import { run as promote } from '../../../src/verbs/promote.ts';
import { run as publish } from '../../../src/verbs/publish.ts';
import { run as release } from '../../../src/verbs/release.ts';
import { run as rollback } from '../../../src/verbs/rollback.ts';
import { run as ship } from '../../../src/verbs/ship.ts';
import { Project } from '../../fixtures/project.ts';
import { contextIn } from '../../gate/context.ts';

/** Workflow runs that end, are rolled back by another one, and are run again. */
describe('a run that is run again', () => {
  let project: Project;
  const at = { config: 'models.yaml' };
  const handlerDir = fileURLToPath(new URL('../../../dist/handler', import.meta.url));
  const during = (run: string) => ({
    ...contextIn(project.folder),
    handlerDir,
    runUrl: `https://github.example/runs/${run}`,
  });
  const promoting = (version: string, run: string) => promote({ ...at, version, gate: 'skip' }, during(run));
  const live = async () => {
    const { store } = await openWorkspace(at, during('looks'), { checkFiles: false });
    const pointer = (await readPointer(store, 'digits'))?.pointer;
    return `${pointer?.version} by move ${pointer?.sequence}`;
  };

  beforeEach(async () => {
    project = new Project();
    for (const version of ['1.0.0', '1.1.0']) {
      project.release({ version, bias: Number(version.slice(2, 3)) });
      await publish(at, during('publishes'));
      await promoting(version, version);
    }
  });
  afterEach(() => project.remove());

  it('leaves what somebody has rolled back since, whichever verb it is, and says so', async () => {
    await rollback(at, during('incident'));
    const again = during('1.1.0');
    for (const verb of [
      () => promote({ ...at, gate: 'skip' }, again),
      () => release({ ...at, fresh: false, reportPath: project.path('report.json') }, again),
      () => ship({ ...at, fresh: false, reportPath: project.path('report.json') }, again),
      () => ship({ ...at, fresh: false, reportPath: project.path('report.json') }, { ...again, dryRun: true }),
    ]) {
      const { outputs, summary, failure } = await verb();
      expect({ outputs, failure }).toMatchObject({
        outputs: { promoted: 'false', version: '1.0.0' },
        failure: undefined,
      });
      expect(summary).toMatch(/This run made digits 1\.1\.0 live already \(move 2\).*runs\/incident.*start a new run/);
      expect(await live()).toBe('1.0.0 by move 3');
    }
    // Another run is another decision.
    await promoting('1.1.0', 'new');
    expect(await live()).toBe('1.1.0 by move 4');
  });

  it('tries again after a way back of its own, and goes on after what others promoted', async () => {
    await rollback(at, during('1.1.0'));
    await promoting('1.1.0', '1.1.0');
    expect(await live()).toBe('1.1.0 by move 4');
    await promoting('1.0.0', 'other');
    await promoting('1.1.0', '1.1.0');
    expect(await live()).toBe('1.1.0 by move 6');
  });
});
