import type { AwsLambdaSettings } from '../../config/schema/aws-lambda.ts';
import { type Budget, lambdaBudget, lambdaImageBudget } from '../../package/budget.ts';
import type { PackageArchive } from '../../package/package-file.ts';
import type { ColdInstance, ColdOptions } from '../../rollout/cold-instance.ts';
import type { Address, ExposeOptions, Move, Platform, PlatformDeps, Role, Wanted } from '../../rollout/platform.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import type { AroundParts } from '../../rollout/surroundings.ts';
import type { Change, DeployRequest, FoundFunction, QueueState, SampleRequest } from '../../rollout/target.ts';
import { ensureAddress, ensureAlias, ensureInvokeMode } from './address.ts';
import { ensureBatch } from './batch.ts';
import { type PublishQueue, startCold } from './cold-start.ts';
import { contextOf, type LambdaContext } from './context.ts';
import { endpointAt, invokeEndpoint } from './endpoint.ts';
import { ensureFunctionSettings, plannedSettings } from './function-settings.ts';
import { imageArchive, imageOf, seenImage } from './image.ts';
import { pruneLayers } from './layer.ts';
import { listFunctions } from './list.ts';
import { candidateAlias, functionName, wayTo } from './names.ts';
import { observe } from './observe.ts';
import { ensureProvisioned, releaseOthers } from './provisioned.ts';
import { sweep } from './prune.ts';
import { ensureFunction, publish } from './publish.ts';
import { ensureQueue, plannedQueue, queueState } from './queue.ts';
import { foundBesides, removeAll, retireVersions } from './remove.ts';
import { flushAnswers } from './rest-cache.ts';
import { restEndpoint } from './rest-endpoint.ts';
import { ensureScaling } from './scaling.ts';
import { seenGateway } from './seen-gateway.ts';
import { shiftTraffic } from './shift.ts';
import type { FunctionState, LambdaRevision } from './state.ts';
import { detailsOf, settingsOf } from './wanted.ts';

type Request = Pick<DeployRequest, 'settings' | 'package'>;
type Identified = Pick<LambdaRevision, 'role' | 'version'>;

/**
 * Functions on AWS Lambda: one function per model and environment. A candidate is a published version pinned to a model
 * version, behind a separate alias; the live one is a published version that follows the pointer, behind the alias
 * `live`. All state is stored in Lambda itself. Design: docs/aws-lambda.md.
 */
export class LambdaPlatform implements Platform<LambdaRevision, FunctionState> {
  readonly key: string;
  readonly platform: Platform['platform'];
  readonly entry = 'lambda.mjs';
  readonly budget: Budget;
  readonly runtimeLayer: boolean;
  readonly image: Platform['image'];
  readonly archive: PackageArchive;
  readonly warmsAhead: boolean;
  readonly #context: LambdaContext;
  readonly #queue: PublishQueue = { last: Promise.resolve() };

  constructor(settings: AwsLambdaSettings, deps: PlatformDeps) {
    const { region, memory, architecture } = settings;
    this.key = `aws-lambda-${region}-${memory}-${architecture}`;
    this.platform = { os: 'linux', arch: architecture === 'arm64' ? 'arm64' : 'x64' };
    this.budget = budgetOf(settings);
    this.runtimeLayer = settings.runtimeLayer;
    this.warmsAhead = settings.provisionedConcurrency > 0;
    this.#context = contextOf(settings, deps);
    this.image = imageOf(this.#context);
    this.archive = this.image?.build ? imageArchive : 'zip';
  }

  get #settings(): AwsLambdaSettings {
    return this.#context.settings;
  }

  /** Every change carries the revision id that it was decided on: no lock is needed. */
  exclusive<T>(_name: string, work: () => Promise<T>): Promise<T> {
    return work();
  }

  forget(): void {
    this.#context.layers.clear();
  }

  settingsOf({ settings }: Request): unknown {
    return settingsOf(this.#settings, settings);
  }

  observe(name: string): Promise<FunctionState | undefined> {
    return observe(this.#context, name);
  }

  async open(request: Request, wanted: Wanted): Promise<FunctionState> {
    const details = detailsOf(this.#settings, request, wanted);
    const state = await ensureFunction(this.#context, request.settings.name, details, request.package);
    return { ...state, settled: await ensureFunctionSettings(this.#context, state) };
  }

  async publish(state: FunctionState, wanted: Wanted, request: DeployRequest, replaced?: LambdaRevision) {
    const details = detailsOf(this.#settings, request, wanted);
    const { version, fresh } = await publish(this.#context, state, details, request.package, replaced?.id);
    return { revision: version, fresh };
  }

  direct({ name }: FunctionState, { id }: LambdaRevision): Endpoint {
    return invokeEndpoint(this.#context, name, id);
  }

  async expose(state: FunctionState, revision: LambdaRevision, { request, recheck }: ExposeOptions): Promise<Address> {
    const alias = this.#aliasOf(revision);
    const isCandidate = revision.role === 'candidate';
    const named = isCandidate && (await ensureAlias(this.#context, state, alias, revision.id));
    const { url, changed } = await ensureAddress(this.#context, state, alias, { ...revision, request, recheck });
    return { url, changed: changed || named };
  }

  endpoint({ name }: Pick<FunctionState, 'name'>, revision: Identified, address: Address): Endpoint {
    const place = { name: functionName(name), alias: this.#aliasOf(revision), ...address };
    const isRest = wayTo(this.#settings, place.alias) === 'rest-api';
    return isRest ? restEndpoint(this.#context, place) : endpointAt(this.#context, place);
  }

  async shift(state: FunctionState, { from, to, forward }: Move<LambdaRevision>) {
    const { alias } = this.#settings;
    // One URL cannot lead to a version that streams its answers and to one that does not.
    if (from && forward && from.streams === to.streams)
      await shiftTraffic(this.#context, state, { before: from.id, after: to.id, forward });
    const moved = await ensureAlias(this.#context, state, alias, to.id);
    const switched = await ensureInvokeMode(this.#context, state, alias, to.streams);
    return { revision: to, changed: moved || switched };
  }

  warm(state: FunctionState, { id }: LambdaRevision): Promise<boolean> {
    return ensureProvisioned(this.#context, state, id);
  }

  async settle(state: FunctionState, { id }: LambdaRevision): Promise<boolean> {
    const scaled = await ensureScaling(this.#context, state, id);
    const released = await releaseOthers(this.#context, state, id);
    const notified = await ensureBatch(this.#context, state);
    const flushed = await flushAnswers(this.#context, state);
    const queued = await ensureQueue(this.#context, state);
    return scaled || released || notified || flushed || queued;
  }

  startCold(request: SampleRequest, wanted: Wanted, options: ColdOptions): Promise<ColdInstance> {
    return startCold(this.#context, this.#queue, request, wanted, options);
  }

  retire(state: FunctionState, revisions: readonly LambdaRevision[]): Promise<void> {
    return retireVersions(this.#context, state, revisions);
  }

  async release(state: FunctionState): Promise<void> {
    await releaseOthers(this.#context, state, state.live?.id ?? '');
  }

  async tidy(state: FunctionState, role: Role): Promise<void> {
    await sweep(this.#context, state);
    const isLayered = role === 'live' && state.versions.some(({ hasRuntimeLayer }) => hasRuntimeLayer);
    if (isLayered) await pruneLayers(this.#context, this.#context.layers.values());
  }

  around(name: string): AroundParts {
    return { gateway: () => seenGateway(this.#context, name), image: () => seenImage(this.#context) };
  }

  list(): Promise<FoundFunction[]> {
    return listFunctions(this.#context);
  }

  besides(name: string, state: FunctionState | undefined): Promise<Change[]> {
    return foundBesides(this.#context, name, state);
  }

  removeAll(name: string, state: FunctionState | undefined): Promise<Change[]> {
    return removeAll(this.#context, name, state);
  }

  queueOf(state: FunctionState): Promise<QueueState | undefined> {
    return queueState(this.#context, state);
  }

  drift(state: FunctionState): string[] {
    const planned = [...plannedSettings(this.#context, state), ...plannedQueue(this.#context, state)];
    return planned.map((text) => `function ${state.name}: ${text}`);
  }

  label(_state: FunctionState, { id }: LambdaRevision): string {
    return `as version ${id}`;
  }

  #aliasOf({ role, version }: Identified): string {
    return role === 'candidate' ? candidateAlias(version ?? '') : this.#settings.alias;
  }
}

/** Through a bucket only the unpacked size of a zip is limited; an image has separate limits. */
function budgetOf(settings: AwsLambdaSettings): Budget {
  if (settings.package === 'image') return lambdaImageBudget;
  return settings.uploadBucket === undefined ? lambdaBudget : { ...lambdaBudget, zipped: lambdaBudget.unzipped };
}
