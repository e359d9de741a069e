import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPointer } from '../../src/registry/pointer/read-pointer.ts';
import { openWorkspace } from '../../src/steps/workspace.ts';
import { run as destroy } from '../../src/verbs/destroy.ts';
import { run as preview } from '../../src/verbs/preview.ts';
import { run as promote } from '../../src/verbs/promote.ts';
import { run as release } from '../../src/verbs/release.ts';
import { run as ship } from '../../src/verbs/ship.ts';
import { run as validate } from '../../src/verbs/validate.ts';
import { classifier, points, writeExamples } from '../fixtures/classifier.ts';
import { Project } from '../fixtures/project.ts';
import { contextIn } from '../gate/context.ts';

const at = { config: 'models.yaml' };
const handlerDir = fileURLToPath(new URL('../../dist/handler', import.meta.url));
const quality = 'data: models/eval.jsonl';

describe('a model with examples', () => {
  const project = new Project();
  const context = { ...contextIn(project.folder), cacheDir: project.path('cache'), handlerDir };
  const asked = { ...at, fresh: false, reportPath: '.coldgate/reports' };
  const live = async () => {
    const { store } = await openWorkspace(at, context, { checkFiles: false });
    return (await readPointer(store, 'digits'))?.pointer.version;
  };

  beforeAll(() => writeExamples(project, points(200)));
  afterAll(async () => {
    await destroy({ ...at, candidates: false } as Parameters<typeof destroy>[0], context);
    project.remove();
  });

  it('ships once it is what is required of a first release, with its evaluation among the outputs', async () => {
    project.release({ model: classifier(), quality: `${quality}, at-least: 95%` });
    const { outputs, failure, document } = await ship(asked, context);
    expect(failure).toBeUndefined();
    expect(outputs).toMatchObject({ verdict: 'pass', 'quality-verdict': 'pass', 'quality-candidate': '1' });
    expect(document['quality']).toMatchObject({ metric: 'accuracy', record: { kind: 'quality' } });
    expect(await live()).toBe('1.0.0');
  });

  it('is not shipped, released or promoted where it answers worse; what is live stays', async () => {
    project.release({ version: '1.1.0', model: classifier({ order: [1, 0, 2] }), quality });
    const shipped = await ship(asked, context);
    expect(shipped).toMatchObject({
      failure: { code: 'regression', exit: 4 },
      outputs: { 'quality-verdict': 'regression', published: 'true' },
    });
    expect(shipped.outputs['promoted']).toBeUndefined();
    // It got no candidate, so nothing was measured of its starts.
    expect(shipped.outputs['ratio']).toBeUndefined();
    const released = await release({ ...asked, version: '1.1.0' }, context);
    expect(released).toMatchObject({ failure: { code: 'regression', exit: 4 } });
    await expect(promote({ ...at, gate: 'recorded' }, context)).rejects.toMatchObject({ code: 'regression', exit: 4 });
    expect(await live()).toBe('1.0.0');
  });

  it('is previewed all the same, with both verdicts', async () => {
    const shown = await preview({ ...asked, pullRequest: 7, sha: '1a2b3c4d', local: false }, context);
    expect(shown.failure).toMatchObject({ code: 'regression', exit: 4 });
    expect(shown.outputs).toMatchObject({ verdict: 'pass', 'quality-verdict': 'regression' });
    expect(shown.outputs['endpoint-url']).toMatch(/^http/);
    expect(shown.summary).toContain('BLOCK accuracy');
    await destroy({ ...at, preview: 7 } as unknown as Parameters<typeof destroy>[0], context);
  });

  it('is refused before anything is published where an example is not what it should be', async () => {
    const good = readFileSync(project.path('models/eval.jsonl'), 'utf8');
    writeExamples(project, `${good}{"inputs": [[1]], "expected": 0}\n`);
    project.release({ version: '1.2.0', model: classifier(), quality });
    await expect(ship(asked, context)).rejects.toMatchObject({ exit: 2, message: expect.stringContaining(':201: ') });
    const { failure, document } = await validate({ ...at, skipRun: false, local: true }, context);
    expect(failure).toMatchObject({ exit: 2 });
    expect(document['models']).toMatchObject([{ ok: false }]);
  });
});
