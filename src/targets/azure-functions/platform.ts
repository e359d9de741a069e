import type { AzureFunctionsSettings } from '../../config/schema/azure-functions.ts';
import { type Budget, flexBudget } from '../../package/budget.ts';
import type { ColdInstance, ColdOptions } from '../../rollout/cold-instance.ts';
import type {
  Address,
  ExposeOptions,
  Move,
  Platform,
  PlatformDeps,
  Published,
  Wanted,
} from '../../rollout/platform.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import type { AroundParts } from '../../rollout/surroundings.ts';
import type { Change, DeployRequest, FoundFunction, QueueState, SampleRequest } from '../../rollout/target.ts';
import { liveAddress, plannedApp } from './address.ts';
import { callersEndpoint, foundApims, removeApims, restoreApim, throughApim } from './apim-address.ts';
import { plannedApim, seenGateway, withApim } from './apim-observe.ts';
import { endBatch, ensureBatch, foundBatch, plannedBatch } from './batch.ts';
import { startCold } from './cold-start.ts';
import { contextOf, type FlexContext, isPremium } from './context.ts';
import { endpointAt } from './endpoint.ts';
import { withHost } from './explain.ts';
import { checkNetwork } from './facts.ts';
import { listFunctions } from './list.ts';
import { candidateName, siteName } from './names.ts';
import { nothingOf, observe } from './observe.ts';
import { checkPlans } from './plans.ts';
import { skuOf } from './premium-site.ts';
import { publish, type Request } from './publish.ts';
import { endQueue, ensureQueue, foundQueue, plannedQueue, queueState } from './queue.ts';
import { removeAll, retireRevisions, sweep } from './remove.ts';
import { replaceLive } from './replace.ts';
import { swapLive } from './slot.ts';
import type { FlexRevision, FlexState } from './state.ts';
import { memoryOf, settingsOf } from './wanted.ts';

function replacingOf(settings: AzureFunctionsSettings): string {
  if (isPremium(settings)) return 'a swap of slots: no request is lost, the first ones may wait for the model to load';
  return settings.updateStrategy === 'rolling'
    ? 'an update in place: requests in flight end by themselves, an app with one instance has a short gap'
    : 'an update in place: requests in flight are lost, and the app is down for some seconds';
}

/**
 * Functions on Azure's Flex Consumption plan: one app per model and environment follows the pointer and is what callers reach;
 * a candidate is a second app, pinned to a model version. On Premium apps share a plan, and a new live revision goes into a slot
 * of the live app and changes places with it. All state is stored in Azure itself. Design:
 * docs/azure-target.md.
 */
export class FlexPlatform implements Platform<FlexRevision, FlexState> {
  readonly key: string;
  readonly platform = { os: 'linux', arch: 'x64' } as const;
  readonly entry = 'azure.mjs';
  readonly budget: Budget = flexBudget;
  readonly replacing: string;
  readonly startSeconds = [10, 40] as const;
  readonly #context: FlexContext;

  constructor(settings: AzureFunctionsSettings, deps: PlatformDeps) {
    const hasSlots = isPremium(settings);
    const shape = hasSlots ? `premium-${skuOf(settings).toLowerCase()}` : `flex-${memoryOf(settings)}`;
    this.key = `azure-functions-${settings.location}-${shape}`;
    this.replacing = replacingOf(settings);
    this.#context = contextOf(settings, deps);
  }

  /** Changes of an app run alone by a lease, which is taken only where something is changed. */
  exclusive<T>(_name: string, work: () => Promise<T>): Promise<T> {
    return work();
  }

  settingsOf({ settings }: Request): unknown {
    return settingsOf(this.#context.settings, settings);
  }

  async observe(name: string): Promise<FlexState | undefined> {
    const state = await observe(this.#context, name);
    if (state) return withApim(this.#context, state);
    // Nothing is there to be removed: what keeps a gateway from being made is found out by a plan.
    plannedApim(this.#context, await withApim(this.#context, nothingOf(this.#context, name)));
    return undefined;
  }

  async open({ settings }: Request): Promise<FlexState> {
    const found = (await observe(this.#context, settings.name)) ?? nothingOf(this.#context, settings.name);
    checkPlans(this.#context, found.plans.values());
    await checkNetwork(this.#context);
    const state = await withApim(this.#context, found);
    plannedApim(this.#context, state);
    return state;
  }

  publish(
    state: FlexState,
    wanted: Wanted,
    request: DeployRequest,
    replaced?: FlexRevision,
  ): Promise<Published<FlexRevision>> {
    return publish(this.#context, state, wanted, request, replaced);
  }

  direct(_state: FlexState, { site, app, url = '' }: FlexRevision): Endpoint {
    return endpointAt(this.#context, { site, url: app ?? url, moved: this.#context.moved.get(site) });
  }

  async expose(state: FlexState, revision: FlexRevision, options: ExposeOptions): Promise<Address> {
    const { role, app, url = '' } = revision;
    const isLive = role !== 'candidate';
    const own = isLive
      ? await liveAddress(this.#context, state, options)
      : { url: app ?? url, changed: options.recheck };
    // What was swapped back is still known by its slot.
    const at = isLive ? { ...revision, site: state.site } : revision;
    return throughApim(this.#context, state, at, { own, request: options.request });
  }

  endpoint({ name }: Pick<FlexState, 'name'>, { version }: Pick<FlexRevision, 'version'>, address: Address): Endpoint {
    const live = siteName(this.#context.settings, name);
    const site = version === null ? live : candidateName(live, version);
    const context = address.isProven ? { ...this.#context, moved: new Map() } : this.#context;
    return callersEndpoint(context, { name, site }, address);
  }

  async shift(state: FlexState, { from, to, forward }: Move<FlexRevision>) {
    const isThere = to.wish === undefined && state.live?.id === to.id;
    if (from === undefined || isThere) return { revision: to, changed: false };
    const change = isPremium(this.#context.settings) ? swapLive : replaceLive;
    const revision = await change(this.#context, state, from, to);
    if (!forward) await restoreApim(this.#context, state.name, from);
    return { revision, changed: true };
  }

  /** Uploads and messages go to the live app, whatever it runs. */
  async settle(state: FlexState): Promise<boolean> {
    const batchMade = await ensureBatch(this.#context, state);
    return (await ensureQueue(this.#context, state)) || batchMade;
  }

  queueOf(state: FlexState): Promise<QueueState | undefined> {
    return queueState(this.#context, state);
  }

  startCold(request: SampleRequest, wanted: Wanted, options: ColdOptions): Promise<ColdInstance> {
    return startCold(this.#context, request, wanted, options);
  }

  explain(_state: FlexState, { site }: FlexRevision, error: Error): Promise<Error> {
    return withHost(this.#context, site, error);
  }

  retire(state: FlexState, revisions: readonly FlexRevision[]): Promise<void> {
    return retireRevisions(this.#context, state, revisions);
  }

  tidy(state: FlexState): Promise<void> {
    return sweep(this.#context, state);
  }

  async endSampling(name: string): Promise<void> {
    const state = this.#context.samples.size > 0 ? await observe(this.#context, name) : undefined;
    if (state) await sweep(this.#context, state);
  }

  around(name: string): AroundParts {
    return { gateway: () => seenGateway(this.#context, name) };
  }

  list(): Promise<FoundFunction[]> {
    return listFunctions(this.#context);
  }

  async besides(name: string, state: FlexState | undefined): Promise<Change[]> {
    return [...foundBatch(state), ...foundQueue(state), ...(await foundApims(this.#context, name, state))];
  }

  async removeAll(name: string, state: FlexState | undefined): Promise<Change[]> {
    if (!state) return removeApims(this.#context, name, undefined);
    const besides = [...(await endBatch(this.#context, state)), ...(await endQueue(this.#context, state))];
    return [...(await removeAll(this.#context, state)), ...besides];
  }

  drift(state: FlexState, _what: string, { role }: FlexRevision, { settings }: DeployRequest): string[] {
    const context = this.#context;
    if (role !== 'live') return [];
    return [
      ...plannedApp(context, state, settings),
      ...plannedApim(context, state),
      ...plannedBatch(context, state),
      ...plannedQueue(context, state),
    ];
  }

  label(_state: FlexState, { site }: FlexRevision): string {
    return `as app ${site}`;
  }
}
