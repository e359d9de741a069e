import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import { type Budget, cloudRunBudget } from '../../package/budget.ts';
import type { PackageArchive } from '../../package/package-file.ts';
import type { ColdInstance, ColdOptions } from '../../rollout/cold-instance.ts';
import type { Address, ExposeOptions, Move, Platform, PlatformDeps, Wanted } from '../../rollout/platform.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import type { AroundParts } from '../../rollout/surroundings.ts';
import type { Change, DeployRequest, FoundFunction, QueueState, SampleRequest } from '../../rollout/target.ts';
import { endBatch, ensureBatch, foundBatch, plannedBatch } from './batch.ts';
import { endSampling, type SampleQueue, startCold } from './cold-start.ts';
import { contextOf, type RunContext } from './context.ts';
import { endpointAt } from './endpoint.ts';
import { foundGateways, liveAddress, liveEndpoint, plannedGateways, removeGateways } from './gateway-address.ts';
import { archiveOf, imageOf, seenImage } from './image.ts';
import { listServices } from './list.ts';
import { withLog } from './logs.ts';
import { tagOf } from './names.ts';
import { observe } from './observe.ts';
import { sweep } from './prune.ts';
import { ensureService, publish, type Request } from './publish.ts';
import { endQueue, ensureQueue, foundQueue, plannedQueue } from './queue.ts';
import { queueState } from './queue-state.ts';
import { removeAll, retireRevisions } from './remove.ts';
import { ensureServiceSettings, plannedSettings } from './service-settings.ts';
import { nextEndpoint, shiftTraffic } from './shift.ts';
import type { RunRevision, RunState } from './state.ts';
import { soundTraffic, withTag } from './traffic.ts';
import { addressOfTag, setTraffic } from './update.ts';
import { detailsOf, settingsOf } from './wanted.ts';
import { releaseOthers, untilWarm } from './warm.ts';

/**
 * Functions on Cloud Run: one service per model and environment. A candidate is a revision pinned to a model version,
 * with a separate tag and no traffic; the live one is a revision that follows the pointer and has all traffic, by its
 * name. All state is stored in Cloud Run itself. Design: docs/google.md.
 */
export class CloudRunPlatform implements Platform<RunRevision, RunState> {
  readonly key: string;
  readonly platform = { os: 'linux', arch: 'x64' } as const;
  readonly entry: string;
  readonly budget: Budget = cloudRunBudget;
  readonly archive: PackageArchive;
  readonly image: Platform['image'];
  readonly warmsAhead: boolean;
  readonly #context: RunContext;
  readonly #queue: SampleQueue = { last: Promise.resolve(), withoutLines: 0 };

  constructor(settings: GoogleCloudRunSettings, deps: PlatformDeps) {
    const { region, cpu, memory, executionEnvironment, kind, minInstances } = settings;
    this.key = `google-cloud-run-${region}-${cpu}x${memory}-${executionEnvironment}`;
    this.entry = kind === 'function' ? 'google-function.cjs' : 'cloud-run.cjs';
    this.warmsAhead = minInstances > 0;
    this.#context = contextOf(settings, deps);
    this.archive = archiveOf(this.#context);
    this.image = imageOf(this.#context, [this.entry]);
  }

  /** Every change carries the etag that it was decided on: no lock is needed. */
  exclusive<T>(_name: string, work: () => Promise<T>): Promise<T> {
    return work();
  }

  settingsOf({ settings }: Request): unknown {
    return settingsOf(this.#context.settings, settings);
  }

  observe(name: string): Promise<RunState | undefined> {
    return observe(this.#context, name);
  }

  async open(request: Request, wanted: Wanted): Promise<RunState> {
    const state = await ensureService(this.#context, request, detailsOf(wanted));
    return Object.assign(state, { settled: await ensureServiceSettings(this.#context, state) });
  }

  publish(state: RunState, wanted: Wanted, request: DeployRequest, replaced?: RunRevision) {
    return publish(this.#context, state, { ...detailsOf(wanted), purpose: wanted.role }, request, replaced);
  }

  direct(state: RunState, revision: RunRevision): Endpoint {
    return nextEndpoint(this.#context, state, revision);
  }

  /** A candidate's address is its tag, which it has had since it was made; the live one's is of the service or a gateway. */
  async expose(state: RunState, revision: RunRevision, options: ExposeOptions): Promise<Address> {
    if (revision.role !== 'candidate') return liveAddress(this.#context, state, options);
    const tag = tagOf('candidate', revision.id);
    const tagged = await setTraffic(this.#context, state, withTag(soundTraffic(state), tag, revision.id));
    const url = await addressOfTag(this.#context, state, tag, revision.id);
    return { url, changed: options.recheck || tagged };
  }

  endpoint({ name }: Pick<RunState, 'name'>, { role }: Pick<RunRevision, 'role'>, address: Address): Endpoint {
    if (role === 'candidate') return endpointAt(this.#context, { name, ...address });
    return liveEndpoint(this.#context, name, address);
  }

  async shift(state: RunState, move: Move<RunRevision>) {
    return { revision: move.to, changed: await shiftTraffic(this.#context, state, move) };
  }

  async warm(state: RunState, revision: RunRevision): Promise<boolean> {
    await untilWarm(this.#context, state, revision);
    return false;
  }

  async settle(state: RunState, { id }: RunRevision): Promise<boolean> {
    const released = await releaseOthers(this.#context, state, id);
    const batchMade = await ensureBatch(this.#context, state);
    return (await ensureQueue(this.#context, state)) || batchMade || released;
  }

  queueOf(state: RunState): Promise<QueueState | undefined> {
    return queueState(this.#context, state);
  }

  startCold(request: SampleRequest, wanted: Wanted, options: ColdOptions): Promise<ColdInstance> {
    return startCold(this.#context, this.#queue, request, wanted, options);
  }

  explain(_state: RunState, { id }: RunRevision, error: Error): Promise<Error> {
    return withLog(this.#context, id, error);
  }

  retire(state: RunState, revisions: readonly RunRevision[]): Promise<void> {
    return retireRevisions(this.#context, state, revisions);
  }

  async release(state: RunState): Promise<void> {
    await releaseOthers(this.#context, state, state.live?.id);
  }

  tidy(state: RunState): Promise<void> {
    return sweep(this.#context, state);
  }

  around(): AroundParts {
    return { image: () => seenImage(this.#context) };
  }

  list(): Promise<FoundFunction[]> {
    return listServices(this.#context);
  }

  endSampling(name: string): Promise<void> {
    return endSampling(this.#context, name);
  }

  async besides(name: string, state: RunState | undefined): Promise<Change[]> {
    const queue = foundQueue(this.#context, state);
    return [...foundBatch(state), ...queue, ...(await foundGateways(this.#context, name, state))];
  }

  async removeAll(name: string, state: RunState | undefined): Promise<Change[]> {
    const triggers = state ? await endBatch(this.#context, state) : [];
    const queue = state ? await endQueue(this.#context, state) : [];
    const gateways = await removeGateways(this.#context, name, state);
    return [...(await removeAll(this.#context, name, state)), ...triggers, ...queue, ...gateways];
  }

  drift(state: RunState): string[] {
    const context = this.#context;
    return [
      ...plannedSettings(context, state),
      ...plannedGateways(context, state),
      ...plannedBatch(context, state),
      ...plannedQueue(context, state),
    ];
  }

  label(_state: RunState, { id }: RunRevision): string {
    return `as revision ${id}`;
  }
}
