import { readdir, rmdir } from 'node:fs/promises';
import type { LocalTargetSettings } from '../../config/types.ts';
import { hostPlatform, platformKey } from '../../package/platform.ts';
import type { ColdInstance, ColdOptions } from '../../rollout/cold-instance.ts';
import type { Address, Move, Platform, PlatformDeps, Role, Wanted } from '../../rollout/platform.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import type { Change, DeployRequest, FoundFunction, QueueState, SampleRequest } from '../../rollout/target.ts';
import { sortedEntries } from '../../rollout/wanted.ts';
import { type SampledPackages, startCold } from './cold-start.ts';
import { entryName } from './command.ts';
import { contextOf, type LocalContext, withFunctionLock } from './context.ts';
import { functionPaths } from './paths.ts';
import { choosePort } from './port.ts';
import { type ProcessTable, systemProcesses } from './process-table.ts';
import { ensureQueue, queueChanges, queueState } from './queue.ts';
import { exists, removeAll, retireRevisions } from './remove.ts';
import { shiftLive } from './shift.ts';
import { startProcess, withLog } from './start.ts';
import { endpointOf, portOf, urlOf } from './state.ts';
import { processOf, removeOldPackages, sweep } from './sweep.ts';
import { dropRevision, type LocalProcess, type LocalView, record, viewOf } from './view.ts';

type Request = Pick<DeployRequest, 'settings' | 'package'>;

/**
 * Functions as processes on this machine: the package that is deployed, unpacked, one process an instance, on loopback ports. A
 * candidate is a process pinned to a version, the live one follows the pointer, a cold start is a new process.
 * Processes outlive the run. They carry a mark in their environment, which is how a later run finds those that a killed
 * one left, and the only reason for which a process is ever stopped.
 */
export class LocalPlatform implements Platform<LocalProcess, LocalView> {
  readonly platform = hostPlatform();
  readonly key = `local-${platformKey(this.platform)}`;
  readonly entry = entryName;
  readonly #context: LocalContext;
  readonly #sampled: SampledPackages = new Map();

  constructor(settings: LocalTargetSettings, deps: PlatformDeps, table: ProcessTable = systemProcesses) {
    this.#context = contextOf(deps, settings, table);
  }

  async exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
    const { stateDir } = this.#context;
    const result = await withFunctionLock(this.#context, await functionPaths(stateDir, name), work);
    // Goes when the last function of the environment has gone, and stays without complaint otherwise.
    await rmdir(stateDir).catch(() => {});
    return result;
  }

  settingsOf({ settings }: Request): unknown {
    const { name, model, storeVariables, handlerVariables } = settings;
    const { port, queue } = this.#context;
    const all = [name, model, sortedEntries(storeVariables), sortedEntries(handlerVariables)];
    return [...all, ...(port === undefined ? [] : [port]), ...(queue ? [queue] : [])];
  }

  async observe(name: string): Promise<LocalView | undefined> {
    const place = await functionPaths(this.#context.stateDir, name);
    return (await exists(this.#context, place)) ? viewOf(this.#context, name) : undefined;
  }

  /** Stops what killed runs left, and forgets revisions whose process has ended. */
  async open({ settings: { name } }: Request, { role }: Wanted): Promise<LocalView> {
    const view = await viewOf(this.#context, name);
    await sweep(this.#context, view.place, view.state, role);
    const all = [...view.candidates, ...(view.live ? [view.live] : [])];
    for (const ended of all.filter(({ url }) => url === undefined)) await dropRevision(this.#context, view, ended);
    return viewOf(this.#context, name);
  }

  /** The first live process gets the live port at once; a replacement starts on a separate port. */
  async publish(view: LocalView, wanted: Wanted, request: DeployRequest) {
    const { port: configured, log } = this.#context;
    const isFirst = wanted.role === 'live' && !view.live;
    const port = isFirst ? await choosePort(configured, view.state.port, view.place.tag, log) : 0;
    return { revision: await startProcess(this.#context, view.place, request, wanted, port), fresh: true };
  }

  direct(_view: LocalView, { port }: LocalProcess): Endpoint {
    return endpointOf(port);
  }

  async expose(view: LocalView, revision: LocalProcess): Promise<Address> {
    const isThis = (one: { pid: number; started: string }) =>
      one.pid === revision.pid && one.started === revision.started;
    if (!view.state.revisions.some(isThis)) await record(this.#context, view, revision);
    return { url: urlOf(revision.port), changed: false };
  }

  endpoint(_view: unknown, _revision: unknown, { url }: Address): Endpoint {
    return endpointOf(portOf(url));
  }

  shift(view: LocalView, move: Move<LocalProcess>) {
    return shiftLive(this.#context, view, move);
  }

  settle({ place }: LocalView, { id }: LocalProcess): Promise<boolean> {
    return ensureQueue(this.#context, place, id);
  }

  queueOf({ place }: LocalView): Promise<QueueState | undefined> {
    return queueState(place);
  }

  /** With its messages, which go with the function's folder. */
  async besides(_name: string, view: LocalView | undefined): Promise<Change[]> {
    return view ? queueChanges(view.place) : [];
  }

  startCold(request: SampleRequest, _wanted: Wanted, { signal }: ColdOptions): Promise<ColdInstance> {
    return startCold(this.#context, this.#sampled, request, signal);
  }

  explain({ place }: LocalView, revision: LocalProcess, error: Error): Promise<Error> {
    return withLog(place, revision, error);
  }

  retire(view: LocalView, revisions: readonly LocalProcess[], failed = false): Promise<void> {
    return retireRevisions(this.#context, view, revisions, failed);
  }

  async tidy({ place, state }: LocalView, role: Role): Promise<void> {
    await sweep(this.#context, place, state, role);
    await removeOldPackages(this.#context, place, state);
  }

  /** Every function has a folder below that of the environment. */
  async list(): Promise<FoundFunction[]> {
    const entries = await readdir(this.#context.stateDir, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => ({ name, storeVariables: undefined }));
  }

  async removeAll(name: string, view: LocalView | undefined): Promise<Change[]> {
    return view ? removeAll(this.#context, await viewOf(this.#context, name)) : [];
  }

  isRunning({ live, place }: LocalView): boolean {
    return live !== undefined && processOf(this.#context, place, live) !== undefined;
  }

  label(_view: LocalView, { port, pid }: LocalProcess): string {
    return `at ${urlOf(port)}, process ${pid}`;
  }
}
