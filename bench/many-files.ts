import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Project } from '../test/fixtures/project.ts';
import { coldgate } from './coldgate.ts';
import { type Goal, msText, type Options, pairs } from './goal.ts';
import { writeNoise } from './noise.ts';
import { rclone, rcloneCommand, rcloneEnvironment } from './rclone.ts';
import { runProcess } from './run-process.ts';
import { onS3, s3Bucket, s3Server, useS3 } from './s3-server.ts';

const bytes = 20_000;

/** A project whose version has so many small files beside the model, all in one folder. */
async function projectWith(folder: string, count: number): Promise<Project> {
  const project = new Project(folder);
  mkdirSync(project.path('parts'));
  const names = Array.from({ length: count }, (_, at) => `part-${String(at).padStart(3, '0')}.bin`);
  for (const name of names) await writeNoise(project.path('parts', name), bytes);
  const files = names.map((name) => `${name}: parts/${name}`).join(', ');
  project.release({ files: `model.onnx: models/digits.onnx, ${files}` });
  return project;
}

/** What a careful person types instead: copy, flush, hash. */
async function copyByHand(project: Project): Promise<number> {
  const copy = project.path('copy');
  rmSync(copy, { recursive: true, force: true });
  const script = 'cp -r "$0" "$1" && sync "$1"/* "$1" && openssl dgst -sha256 "$1"/*';
  return (await runProcess('sh', ['-c', script, project.path('parts'), copy])).ms;
}

/** So many files the goals are for; of fewer the start of the command is the larger part. */
const whole = 500;

async function inFolder(project: Project, count: number, rounds: number): Promise<Goal> {
  const publish = async (): Promise<number> => {
    rmSync(project.path('store'), { recursive: true, force: true });
    return (await coldgate(project, {}, 'publish')).ms;
  };
  const { ratio, ours, theirs } = await pairs(rounds, publish, () => copyByHand(project));
  return {
    what: `publish ${count} files of 20 kB to the file store, whole command`,
    peer: 'cp -r, sync, openssl dgst -sha256',
    ours: msText(ours),
    theirs: msText(theirs),
    value: ratio,
    limit: count < whole ? 16 : 8,
    unit: '×',
  };
}

async function inBucket(project: Project, count: number, rounds: number): Promise<Goal[]> {
  const part = s3Server();
  const missing = part === undefined ? 'no server of S3' : rclone.lacks();
  if (part === undefined || missing !== undefined) {
    console.log(`not run: many files on S3 (${missing})`);
    return [];
  }
  const command = await rcloneCommand();
  const publish = () =>
    onS3(part, async (server) => {
      useS3(project, server.endpoint);
      return (await coldgate(project, server.env, 'publish')).ms;
    });
  const copy = () =>
    onS3(part, async (server) => {
      const to = `bench:${s3Bucket}/${basename(project.folder)}`;
      return (await runProcess(command, ['copy', project.path('parts'), to], { env: rcloneEnvironment(server) })).ms;
    });
  const { ratio, ours, theirs } = await pairs(rounds, publish, copy);
  const what = `publish ${count} files of 20 kB to S3 (${part.name}), whole command`;
  const times = { ours: msText(ours), theirs: msText(theirs) };
  return [{ what, peer: 'rclone copy', ...times, value: ratio, limit: count < whole ? 5 : 2, unit: '×' }];
}

/** Versions of many small files beside what people move such with. */
export async function publishingManyFiles({ quick, scratch }: Options): Promise<Goal[]> {
  mkdirSync(scratch, { recursive: true });
  const [count, rounds] = quick ? [100, 3] : [whole, 9];
  const project = await projectWith(mkdtempSync(join(scratch, 'many-')), count);
  try {
    return [await inFolder(project, count, rounds), ...(await inBucket(project, count, rounds))];
  } finally {
    project.remove();
  }
}
