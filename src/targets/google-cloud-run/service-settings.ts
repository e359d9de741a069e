import type { GoogleCloudRunSettings } from '../../config/schema/google-cloud-run.ts';
import type { RunContext } from './context.ts';
import { ownerLabel, ownerValue } from './names.ts';
import type { Service } from './resources.ts';
import type { RunState } from './state.ts';
import { update } from './update.ts';

const ingresses = {
  all: 'INGRESS_TRAFFIC_ALL',
  internal: 'INGRESS_TRAFFIC_INTERNAL_ONLY',
  'internal-and-load-balancing': 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER',
} as const;

type Kept = Pick<Service, 'labels' | 'ingress' | 'invokerIamDisabled' | 'scaling' | 'buildConfig'>;

/** Name under which the handler is registered with the functions framework. */
const functionTarget = 'coldgate';

/** What belongs to the service and to no revision. What others have set beside it stays. */
export function serviceFields(settings: GoogleCloudRunSettings, now: Kept = {}): Kept {
  const { ingress, auth, minInstances, labels, kind } = settings;
  return {
    labels: { ...now.labels, ...labels, [ownerLabel]: ownerValue },
    ingress: ingresses[ingress],
    invokerIamDisabled: auth === 'none',
    ...((minInstances > 0 || now.scaling !== undefined) && {
      scaling: { ...now.scaling, minInstanceCount: minInstances },
    }),
    // By this Google's console and gcloud know a service as a function; nothing is built by it.
    ...(kind === 'function' && { buildConfig: { ...now.buildConfig, functionTarget } }),
    ...(kind === 'service' && now.buildConfig?.functionTarget === functionTarget && { buildConfig: {} }),
  };
}

/** Sets what differs. Returns whether anything did. */
export async function ensureServiceSettings(context: RunContext, state: RunState): Promise<boolean> {
  const fields = differing(context.settings, state.service);
  if (Object.keys(fields).length === 0) return false;
  context.log.info(`Setting ${Object.keys(fields).join(', ')} of ${state.name}.`);
  await update(context, state, fields, `the settings of ${state.name}`);
  return true;
}

/** What would be set, in words. */
export const plannedSettings = (context: RunContext, state: RunState): string[] =>
  Object.keys(differing(context.settings, state.service)).map((field) => `service ${state.name}: ${field}`);

function differing(settings: GoogleCloudRunSettings, service: Service): Kept {
  const wanted = serviceFields(settings, service);
  const entries = Object.entries(wanted).filter(([field, value]) => !isSame(value, Reflect.get(service, field)));
  return Object.fromEntries(entries);
}

/** A field that is not there is one that has its zero value. */
function isSame(wanted: unknown, now: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null)
    return wanted === (now ?? (typeof wanted === 'boolean' ? false : 0));
  const other = typeof now === 'object' && now !== null ? now : {};
  const names = new Set([...Object.keys(wanted), ...Object.keys(other)]);
  return [...names].every((name) => isSame(Reflect.get(wanted, name) ?? 0, Reflect.get(other, name) ?? 0));
}
