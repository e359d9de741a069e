import type { Proven } from '../../model/own-proof.ts';
import type { ServedModel } from '../../model/served-model.ts';
import { runtimeVersion } from '../../session/runtime.ts';
import { roundTimings } from '../../timings.ts';
import { json } from '../answer.ts';
import type { AppResponse } from '../app-request.ts';
import { hostOf, type RouteContext, unavailable, withModel } from '../route.ts';

/**
 * GET /v1/health: alive, at no cost; 503 while a model that was served is lost. With `?warm=true`: loads and proves the
 * model and returns its timings.
 */
export async function health(context: RouteContext): Promise<AppResponse> {
  if (context.query.get('warm') === 'true') return warmHealth(context);
  const host = hostOf(context);
  const { current, isLost } = host;
  context.call.model = current;
  const headers = isLost ? { 'retry-after': String(host.retryAfter) } : {};
  const document = {
    status: isLost ? 'session-lost' : 'ok',
    ...describeInstance(context),
    loaded: current !== undefined,
    ...modelPart(current),
  };
  return json(isLost ? 503 : 200, document, headers);
}

async function warmHealth(context: RouteContext): Promise<AppResponse> {
  const host = hostOf(context);
  // A warm-up must report what the function serves now, not what it served before the last flip.
  await host.refresh();
  return withModel(context, async (model) => {
    let sample: Proven;
    try {
      sample = await context.call.timed('sample', () => model.prove());
    } catch (error) {
      throw unavailable(error, 1);
    }
    const { call, instance } = context;
    const follows = model.loaded.resolved.follows;
    return json(200, {
      status: sample.status === 'mismatch' ? 'mismatch' : 'ok',
      cold_start: call.cold,
      ...describeInstance(context),
      ...modelPart(model),
      sample: sample.status,
      ...(sample.difference && { sample_difference: sample.difference }),
      ...(sample.proof && { proof: sample.proof }),
      ...(follows && { pointer: host.refreshState }),
      timings: roundTimings({ init_ms: instance.initMs, ...model.timings, handler_ms: call.elapsedMs }),
    });
  });
}

const describeInstance = ({ instance }: RouteContext): Record<string, unknown> => ({
  instance_id: instance.id,
  revision: instance.revision ?? null,
  pid: process.pid,
  ...instance.facts,
  runtime: { name: 'onnxruntime-node', version: runtimeVersion, node: process.versions.node },
});

function modelPart(model: ServedModel | undefined): Record<string, unknown> {
  if (!model) return {};
  const { artifact } = model.loaded;
  const { name, version, sha256 } = model;
  return {
    model: {
      name,
      version,
      sha256,
      ...(artifact && { artifact: { kind: artifact.kind, path: artifact.path, sha256: artifact.sha256 } }),
    },
  };
}
