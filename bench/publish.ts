import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Project } from '../test/fixtures/project.ts';
import { coldgate } from './coldgate.ts';
import { type Goal, msText, type Options, pairs } from './goal.ts';
import { writeNoise } from './noise.ts';
import { runProcess } from './run-process.ts';

/** A project whose version holds a large file beside the model. */
function projectWith(folder: string): Project {
  const project = new Project(folder);
  project.release({ files: 'model.onnx: models/digits.onnx, weights.bin: weights.bin' });
  return project;
}

const publish = (project: Project) => coldgate(project, {}, 'publish');

async function publishFresh(project: Project): Promise<number> {
  rmSync(project.path('store'), { recursive: true, force: true });
  return (await publish(project)).ms;
}

/** What a careful person types instead: copy, flush, hash. */
async function copyByHand(project: Project, copy: string): Promise<number> {
  rmSync(copy, { force: true });
  const script = 'cp "$0" "$1" && sync "$1" && openssl dgst -sha256 "$1"';
  return (await runProcess('sh', ['-c', script, project.path('weights.bin'), copy])).ms;
}

/** What is stored, read and hashed once more. */
async function verifying(project: Project, name: string, quick: boolean): Promise<Goal> {
  await publishFresh(project);
  const stored = project.path('store', 'digits', 'versions', '1.0.0', 'weights.bin');
  const { ratio, ours, theirs } = await pairs(
    quick ? 3 : 9,
    async () => (await coldgate(project, {}, 'verify', '--version', '1.0.0')).ms,
    async () => (await runProcess('openssl', ['dgst', '-sha256', stored])).ms,
  );
  return {
    what: `verify ${name} in the file store, whole command`,
    peer: 'openssl dgst -sha256',
    ours: msText(ours),
    theirs: msText(theirs),
    value: ratio,
    // At 256 MiB starting weighs more than hashing.
    limit: quick ? 3 : 1.2,
    unit: '×',
  };
}

/** Publishing to the file store against cp, sync and openssl one after the other, verifying, peak memory at two sizes. */
export async function publishing({ quick, scratch }: Options): Promise<Goal[]> {
  mkdirSync(scratch, { recursive: true });
  const project = projectWith(mkdtempSync(join(scratch, 'publish-')));
  const sizes = quick ? [256 * 1024 ** 2] : [1024 ** 3, 4 * 1024 ** 3];
  const goals: Goal[] = [];
  try {
    for (const [at, size] of sizes.entries()) {
      const name = size >= 1024 ** 3 ? `${size / 1024 ** 3} GiB` : `${size / 1024 ** 2} MiB`;
      await writeNoise(project.path('weights.bin'), size);
      if (at === 0) {
        const copy = project.path('copy.bin');
        const { ratio, ours, theirs } = await pairs(
          quick ? 3 : 9,
          () => publishFresh(project),
          () => copyByHand(project, copy),
        );
        rmSync(copy, { force: true });
        const what = `publish ${name} to the file store, whole command`;
        goals.push({
          what,
          peer: 'cp, sync, openssl dgst -sha256',
          ours: msText(ours),
          theirs: msText(theirs),
          value: ratio,
          limit: quick ? 3 : 1,
          unit: '×',
        });
        goals.push(await verifying(project, name, quick));
      }
      rmSync(project.path('store'), { recursive: true, force: true });
      const { peakMb } = await publish(project);
      const what = `peak memory of publishing ${name}`;
      goals.push({
        what,
        peer: '',
        ours: `${peakMb.toFixed(0)} MB`,
        theirs: '',
        value: peakMb,
        limit: 150,
        unit: 'MB',
      });
    }
  } finally {
    project.remove();
  }
  return goals;
}
