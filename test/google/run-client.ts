import { createRequire } from 'node:module';
import { join } from 'node:path';
import { lacksPrograms, npmInstall } from '../emulators/commands.ts';
import { folderOf, type Part } from '../emulators/part.ts';

/**
 * Google's own client of Cloud Run, made from Google's protocol buffers and not from the discovery documents that the
 * stand-in is held to.
 */
export const runClient: Part = {
  name: 'google-cloud-run',
  version: '4.2.0',
  from: 'npm',
  lacks: () => lacksPrograms('npm'),
  install: (folder) => npmInstall(folder, ['@google-cloud/run@4.2.0']),
};

type Json = Record<string, unknown>;
type LongRunning = Promise<[{ promise(): Promise<[Json]> }]>;

/** What of the package the suite uses; its own types need its own dependencies. */
export interface RunClients {
  ServicesClient: new (
    options: object,
  ) => {
    createService(request: object): LongRunning;
    updateService(request: object): LongRunning;
    deleteService(request: object): LongRunning;
    getService(request: object): Promise<[Json]>;
    listServices(request: object): Promise<[Json[]]>;
    close(): Promise<void>;
  };
  RevisionsClient: new (
    options: object,
  ) => {
    listRevisions(request: object): Promise<[Json[]]>;
    deleteRevision(request: object): LongRunning;
    close(): Promise<void>;
  };
}

export const loadRunClients = (): RunClients =>
  createRequire(join(folderOf(runClient), 'package.json'))('@google-cloud/run') as RunClients;
