import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { ownProcess, systemProcesses } from '../src/targets/local/process-table.ts';
import { azurite } from '../test/emulators/azurite.ts';
import { whyNot } from '../test/emulators/part.ts';
import { startFor, stopAll } from '../test/emulators/running.ts';
import type { Server } from '../test/emulators/servers.ts';
import { dist, testCache } from '../test/fakes/processes/runner.ts';
import { Project } from '../test/fixtures/project.ts';
import { type Goal, memoryGoal, msText, type Options, pairs } from './goal.ts';
import { writeNoise } from './noise.ts';
import { type Ran, runProcess } from './run-process.ts';

const container = 'bench';

/** Runs the work on an Azurite of its own: it keeps what was deleted for minutes, and all of it in memory. */
async function onAzurite<T>(work: (server: Server) => Promise<T>): Promise<T> {
  const owner = ownProcess(systemProcesses);
  const server = await startFor(owner, azurite);
  try {
    const connection = server.env['AZURE_STORAGE_CONNECTION_STRING']!;
    await BlobServiceClient.fromConnectionString(connection).createContainer(container);
    return await work(server);
  } finally {
    await stopAll(owner);
  }
}

function coldgate(project: Project, { endpoint, env }: Server, ...args: string[]): Promise<Ran> {
  const path = project.path('models.yaml');
  const store = `store: { url: "azure://devstoreaccount1/${container}/models", endpoint: "${endpoint}" }`;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/store: (?:"[^"]*"|\{[^}]*\})/, store));
  return runProcess(process.execPath, [join(dist, 'cli.js'), ...args], {
    cwd: project.folder,
    env: { ...env, COLDGATE_CACHE: testCache },
  });
}

function uploadBySdk(project: Project, { env }: Server): Promise<Ran> {
  const peer = join(import.meta.dirname, 'stores-azure-peer.ts');
  return runProcess(process.execPath, [peer, project.path('weights.bin'), container, 'weights.bin'], { env });
}

/**
 * The peer hashes nothing, and that is dear here: of blocks that come without an MD5 Azurite computes a CRC-64, which
 * takes it most of the peer's time. The real service has hardware for that.
 */
async function publishing(project: Project, name: string, quick: boolean): Promise<Goal> {
  const { ratio, ours, theirs } = await pairs(
    quick ? 3 : 5,
    async () => (await onAzurite((server) => coldgate(project, server, 'publish'))).ms,
    async () => (await onAzurite((server) => uploadBySdk(project, server))).ms,
  );
  return {
    what: `publish ${name} to Azurite, whole command, with SHA-256 and MD5`,
    peer: 'uploadFile of the SDK, without',
    ours: msText(ours),
    theirs: msText(theirs),
    value: ratio,
    // At 64 MiB the SDK sends one request, and starting the tool weighs more than sending.
    limit: quick ? 2 : 1,
    unit: '×',
  };
}

function memory(project: Project, name: string): Promise<Goal[]> {
  return onAzurite(async (server) => {
    const published = await coldgate(project, server, 'publish');
    const verified = await coldgate(project, server, 'verify', '--version', '1.0.0');
    return [
      memoryGoal(`publishing ${name} on Azurite`, published.peakMb),
      memoryGoal(`verifying ${name} on Azurite`, verified.peakMb),
    ];
  });
}

/**
 * Publishing to Azurite beside `uploadFile` of the same SDK with its defaults, and peak memory at two sizes. Nothing
 * where Azurite is not installed.
 */
export async function storingOnAzure({ quick, scratch }: Options): Promise<Goal[]> {
  const missing = whyNot(azurite);
  if (missing !== undefined) {
    console.log(`not run: storing on Azure (${missing})`);
    return [];
  }
  mkdirSync(scratch, { recursive: true });
  const project = new Project(mkdtempSync(join(scratch, 'publish-azure-')));
  project.release({ files: 'model.onnx: models/digits.onnx, weights.bin: weights.bin' });
  const goals: Goal[] = [];
  try {
    for (const size of quick ? [64 * 1024 ** 2] : [1024 ** 3, 4 * 1024 ** 3]) {
      const name = size >= 1024 ** 3 ? `${size / 1024 ** 3} GiB` : `${size / 1024 ** 2} MiB`;
      await writeNoise(project.path('weights.bin'), size);
      if (goals.length === 0) goals.push(await publishing(project, name, quick));
      goals.push(...(await memory(project, name)));
    }
  } finally {
    project.remove();
  }
  return goals;
}
