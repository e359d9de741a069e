import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { ownProcess, systemProcesses } from '../src/targets/local/process-table.ts';
import { moto } from '../test/emulators/moto.ts';
import { whyNot } from '../test/emulators/part.ts';
import { radosgw } from '../test/emulators/radosgw.ts';
import { startFor, stopAll } from '../test/emulators/running.ts';
import type { Server } from '../test/emulators/servers.ts';
import { dist, testCache } from '../test/fakes/processes/runner.ts';
import { Project } from '../test/fixtures/project.ts';
import { awsCli, awsCommand } from './aws-cli.ts';
import { type Goal, memoryGoal, msText, type Options, pairs } from './goal.ts';
import { writeNoise } from './noise.ts';
import { type Ran, runProcess } from './run-process.ts';

const bucket = 'bench';
const publishedKey = 'models/digits/versions/1.0.0/weights.bin';

/** What the runs share: a project with a large file beside its model, and how the command line of AWS is called. */
interface Bench {
  project: Project;
  aws: string[];
  part: typeof radosgw;
}

/** Runs the work on a server of its own: they keep what was deleted for hours, and all of it in memory. */
async function onServer<T>({ part }: Bench, work: (server: Server) => Promise<T>): Promise<T> {
  const owner = ownProcess(systemProcesses);
  const server = await startFor(owner, part);
  try {
    const credentials = {
      accessKeyId: server.env['AWS_ACCESS_KEY_ID']!,
      secretAccessKey: server.env['AWS_SECRET_ACCESS_KEY']!,
    };
    const client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    client.destroy();
    return await work(server);
  } finally {
    await stopAll(owner);
  }
}

function coldgate({ project }: Bench, { endpoint, env }: Server, ...args: string[]): Promise<Ran> {
  const path = project.path('models.yaml');
  const store = `store: { url: "s3://${bucket}/models", endpoint: "${endpoint}" }`;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/store: (?:"[^"]*"|\{[^}]*\})/, store));
  return runProcess(process.execPath, [join(dist, 'cli.js'), ...args], {
    cwd: project.folder,
    env: { ...env, COLDGATE_CACHE: testCache },
  });
}

function copyByAws({ aws }: Bench, { endpoint, env }: Server, from: string, to: string): Promise<Ran> {
  const [command = '', ...begin] = aws;
  return runProcess(command, [...begin, '--endpoint-url', endpoint, 's3', 'cp', '--quiet', from, to], { env });
}

async function publishing(bench: Bench, name: string, quick: boolean): Promise<Goal> {
  const weights = bench.project.path('weights.bin');
  const { ratio, ours, theirs } = await pairs(
    quick ? 3 : 5,
    async () => (await onServer(bench, (server) => coldgate(bench, server, 'publish'))).ms,
    async () => (await onServer(bench, (server) => copyByAws(bench, server, weights, `s3://${bucket}/copy`))).ms,
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

function verifying(bench: Bench, name: string, quick: boolean): Promise<Goal> {
  return onServer(bench, async (server) => {
    await coldgate(bench, server, 'publish');
    const copy = bench.project.path('copy.bin');
    const copyAndHash = async () => {
      rmSync(copy, { force: true });
      const copied = await copyByAws(bench, server, `s3://${bucket}/${publishedKey}`, copy);
      return copied.ms + (await runProcess('sha256sum', [copy])).ms;
    };
    const { ratio, ours, theirs } = await pairs(
      quick ? 3 : 5,
      async () => (await coldgate(bench, server, 'verify', '--version', '1.0.0')).ms,
      copyAndHash,
    );
    rmSync(copy, { force: true });
    return {
      what: `verify ${name} on S3 (${bench.part.name}), whole command`,
      peer: 'aws s3 cp to a file, sha256sum',
      ours: msText(ours),
      theirs: msText(theirs),
      value: ratio,
      limit: quick ? 2 : 1,
      unit: '×',
    };
  });
}

async function memory(bench: Bench, name: string): Promise<Goal[]> {
  const { published, verified } = await onServer(bench, async (server) => ({
    published: await coldgate(bench, server, 'publish'),
    verified: await coldgate(bench, server, 'verify', '--version', '1.0.0'),
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
  const part = [radosgw, moto].find((server) => whyNot(server) === undefined);
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
      if (goals.length === 0) goals.push(await publishing(bench, name, quick), await verifying(bench, name, quick));
      goals.push(...(await memory(bench, name)));
    }
  } finally {
    project.remove();
  }
  return goals;
}
