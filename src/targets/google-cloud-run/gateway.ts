import { ConflictError } from '../../errors.ts';
import { type GatewayAccess, poll, whoIf } from './gateway-client.ts';
import { type GatewayRun, perform } from './gateway-perform.ts';
import { pruneConfigs } from './gateway-prune.ts';
import { serviceNotEnabled, toRefusal } from './gateway-refusal.ts';
import { findApi, findGateway, isEnabled, listConfigs, maxWaitMs } from './gateway-resources.ts';
import { waitForRoutes } from './gateway-routes.ts';
import { type GatewayResource, type GatewayView, isServed, nextStep } from './gateway-steps.ts';
import type { WantedGateway } from './gateway-wanted.ts';

/** Runs of this process that change the same API, which must not overlap: two configs of one API spoil each other. */
const queues = new Map<string, Promise<unknown>>();

/**
 * Ensures the function's gateway: one read when it is as wanted. Otherwise creates what is missing, one resource at a
 * time, each decided on a new read, so that the next run finishes one that was killed anywhere; then waits for the new
 * routes. Removes configs that are no longer needed.
 * @param look `recheck`: also check that callers' keys are accepted; `seen`: the gateway as it was found already
 * @returns the address callers use, and whether anything was changed
 */
export function ensureGateway(
  access: GatewayAccess,
  wanted: WantedGateway,
  { recheck, seen }: { recheck: boolean; seen?: GatewayResource | undefined },
): Promise<{ url: string; changed: boolean }> {
  return inTurn(wanted.names.api, async () => {
    const run: GatewayRun = {
      ...{ access, wanted, changed: false, isChecked: !wanted.takesKeys, served: undefined },
      ...{ taken: new Set<string>(), rejected: new Set<string>() },
    };
    try {
      const isDone = seen !== undefined && isServed(seen, wanted) && (run.isChecked || !recheck);
      const gateway = isDone ? seen : await converge(run, recheck);
      const url = urlOf(gateway);
      if (run.changed) await waitForRoutes(access, wanted, url);
      if (run.changed) await pruneConfigs(access, wanted);
      return { url, changed: run.changed };
    } catch (error) {
      throw toRefusal(error, {
        names: wanted.names,
        account: await whoIf(access, error),
        gatewayAccount: wanted.account,
      });
    }
  });
}

/** Address of a gateway: `https://digits-1abc.ew.gateway.dev`; without TLS where it stands on this machine. */
export const urlOf = ({ defaultHostname = '' }: GatewayResource): string =>
  `${/^127\.0\.0\.1(?::\d+)?$/.test(defaultHostname) ? 'http' : 'https'}://${defaultHostname}`;

async function inTurn<T>(api: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(api);
  const turn = (async () => {
    await before?.catch(() => {});
    return work();
  })();
  queues.set(api, turn);
  try {
    return await turn;
  } finally {
    if (queues.get(api) === turn) queues.delete(api);
  }
}

/** What is made from nothing takes three. */
const maxSteps = 40;

async function converge(run: GatewayRun, recheck: boolean): Promise<GatewayResource> {
  const until = performance.now() + maxWaitMs;
  let lastReported = '';
  for (let steps = 0, looks = 0; ; ) {
    const view = await lookAt(run, recheck);
    const step = nextStep(view, run.wanted, run);
    if (step.do === 'nothing') return step.gateway;
    run.changed = true;
    if (step.do !== 'wait') {
      if (++steps > maxSteps) throw new Error(`The gateway is not as wanted after ${maxSteps} changes.`);
      await perform(run, step);
      continue;
    }
    if (performance.now() > until) throw neverReady(run, step.until);
    if (lastReported !== step.until) run.access.log.info(`Waiting until ${step.until}.`);
    lastReported = step.until;
    await poll(run.access, looks++);
  }
}

async function lookAt(run: GatewayRun, recheck: boolean): Promise<GatewayView> {
  const { access, wanted } = run;
  const gateway = await findGateway(access, wanted.names);
  const isDone = isServed(gateway, wanted);
  if (isDone && (run.isChecked || !(recheck || run.changed))) return { gateway, api: undefined, configs: [] };
  const api = await findApi(access, wanted.names);
  if (!run.isChecked && api?.managedService && api.state === 'ACTIVE') {
    const { project } = wanted.names;
    if (!(await isEnabled(access, project, api.managedService))) throw serviceNotEnabled(api.managedService, project);
    run.isChecked = true;
  }
  return { gateway, api, configs: api && !isDone ? await listConfigs(access, wanted.names) : [] };
}

const neverReady = ({ wanted }: GatewayRun, until: string): ConflictError =>
  new ConflictError('gateway-busy', `Waited 15 minutes in vain until ${until}.`, {
    hint: `Look at it (gcloud api-gateway gateways describe ${wanted.names.id} --location=${wanted.names.region} --project=${wanted.names.project}), and run this again.`,
  });
