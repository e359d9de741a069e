import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { whyNot } from '../test/emulators/part.ts';
import { radosgw } from '../test/emulators/radosgw.ts';
import type { Server } from '../test/emulators/servers.ts';
import { Project } from '../test/fixtures/project.ts';
import { awsCli, awsCommand } from './aws-cli.ts';
import { coldgate } from './coldgate.ts';
import { type Goal, memoryGoal, msText, type Options, pairs } from './goal.ts';
import { writeNoise } from './noise.ts';
import { rclone, rcloneCommand, rcloneEnvironment } from './rclone.ts';
import { type Ran, runProcess } from './run-process.ts';
import { onS3, s3Bucket, s3Server, useS3 } from './s3-server.ts';

const publishedKey = 'models/digits/versions/1.0.0/weights.bin';

/** What the runs share: a project with a large file beside its model, and how the command line of AWS is called. */
interface Bench {
  project: Project;
  aws: string[];
  part: typeof radosgw;
}

const onServer = <T>({ part }: Bench, work: (server: Server) => Promise<T>): Promise<T> => onS3(part, work);

function run({ project }: Bench, { endpoint, env }: Server, ...args: string[]): Promise<Ran> {
  useS3(project, endpoint);
  return coldgate(project, env, ...args);
}

function copyByAws({ aws }: Bench, { endpoint, env }: Server, from: string, to: string): Promise<Ran> {
  const [command = '', ...begin] = aws;
  return runProcess(command, [...begin, '--endpoint-url', endpoint, 's3', 'cp', '--quiet', from, to], { env });
}

async function publishing(bench: Bench, name: string, quick: boolean): Promise<Goal> {
  const weights = bench.project.path('weights.bin');
  const { ratio, ours, theirs } = await pairs(
    quick ? 3 : 5,
    async () => (await onServer(bench, (server) => run(bench, server, 'publish'))).ms,
    async () => (await onServer(bench, (server) => copyByAws(bench, server, weights, `s3://${s3Bucket}/copy`))).ms,
  );
  return {
    what: `publish ${name} to S3 (${bench.part.name}), whole command, with SHA-256`,
    peer: 'aws s3 cp, without',
    ours: msText(ours),
    theirs: msText(theirs),
    value: ratio,
    // At 64 MiB starting either tool weighs more than sending.
    limit: quick ? 2 : 1,
    unit: '×',
  };
}

async function verifying(bench: Bench, name: string, quick: boolean): Promise<Goal[]> {
  const missing = rclone.lacks();
  if (missing !== undefined) {
    console.log(`not run: verifying on S3 (${missing})`);
    return [];
  }
  const command = await rcloneCommand();
  return onServer(bench, async (server) => {
    await run(bench, server, 'publish');
    const from = `bench:${s3Bucket}/${publishedKey}`;
    const readAndHash = () =>
      runProcess('sh', ['-c', '"$0" cat "$1" | openssl dgst -sha256', command, from], {
        env: rcloneEnvironment(server),
      });
    const { ratio, ours, theirs } = await pairs(
      quick ? 3 : 9,
      async () => (await run(bench, server, 'verify', '--version', '1.0.0')).ms,
      async () => (await readAndHash()).ms,
    );
    const goal: Goal = {
      what: `verify ${name} on S3 (${bench.part.name}), whole command`,
      peer: 'rclone cat, piped into openssl dgst -sha256',
      ours: msText(ours),
      theirs: msText(theirs),
      value: ratio,
      // At 64 MiB starting either tool weighs more than reading.
      limit: quick ? 3 : 1.3,
      unit: '×',
    };
    return [goal];
  });
}

async function memory(bench: Bench, name: string): Promise<Goal[]> {
  const { published, verified } = await onServer(bench, async (server) => ({
    published: await run(bench, server, 'publish'),
    verified: await run(bench, server, 'verify', '--version', '1.0.0'),
  }));
  return [
    memoryGoal(`publishing ${name} on S3`, published.peakMb),
    memoryGoal(`verifying ${name} on S3`, verified.peakMb),
  ];
}

/**
 * Publishing to and verifying on a real S3 server beside AWS's own command line, and peak memory at two sizes. Nothing
 * where neither radosgw nor moto is installed, or AWS's command line cannot be.
 */
export async function storingOnS3({ quick, scratch }: Options): Promise<Goal[]> {
  const part = s3Server();
  const missing = part === undefined ? whyNot(radosgw) : awsCli.lacks();
  if (part === undefined || missing !== undefined) {
    console.log(`not run: storing on S3 (${missing})`);
    return [];
  }
  mkdirSync(scratch, { recursive: true });
  const project = new Project(mkdtempSync(join(scratch, 'publish-s3-')));
  project.release({ files: 'model.onnx: models/digits.onnx, weights.bin: weights.bin' });
  const goals: Goal[] = [];
  try {
    const bench = { project, part, aws: await awsCommand() };
    for (const size of quick ? [64 * 1024 ** 2] : [1024 ** 3, 4 * 1024 ** 3]) {
      const name = size >= 1024 ** 3 ? `${size / 1024 ** 3} GiB` : `${size / 1024 ** 2} MiB`;
      await writeNoise(project.path('weights.bin'), size);
      if (goals.length === 0)
        goals.push(await publishing(bench, name, quick), ...(await verifying(bench, name, quick)));
      goals.push(...(await memory(bench, name)));
    }
  } finally {
    project.remove();
  }
  return goals;
}
