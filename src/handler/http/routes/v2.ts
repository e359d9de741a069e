import type { TensorInfo } from '../../../model/tensor-info.ts';
import type { ServedModel } from '../../model/served-model.ts';
import { readRequest } from '../../model/signature.ts';
import { runModel } from '../../session/run-model.ts';
import { runtimeVersion } from '../../session/runtime.ts';
import { chooseOutputs } from '../../tensors/choose-outputs.ts';
import { parseJsonObject } from '../../tensors/read-json.ts';
import { json } from '../answer.ts';
import type { AppResponse } from '../app-request.ts';
import { RequestError } from '../request-error.ts';
import { type RouteContext, withModel } from '../route.ts';
import { datatypeOf } from '../v2/datatypes.ts';
import { readV2Request, splitBody } from '../v2/read-request.ts';
import { writeV2Response } from '../v2/write-response.ts';

/**
 * The Open Inference Protocol, which clients of KServe and Triton speak:
 * https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
export async function v2Server(): Promise<AppResponse> {
  return json(200, { name: 'coldgate', version: runtimeVersion, extensions });
}

const extensions = ['binary_tensor_data'];

export async function v2Live(): Promise<AppResponse> {
  return json(200, { live: true });
}

/** Ready when every model of the function can be served; loads them. */
export async function v2Ready(context: RouteContext): Promise<AppResponse> {
  for (const name of context.hosts.keys()) await withModel({ ...context, params: { name } }, async () => {});
  return json(200, { ready: true });
}

export async function v2ModelReady(context: RouteContext): Promise<AppResponse> {
  return withVersion(context, async ({ name }) => json(200, { name, ready: true }));
}

export async function v2Model(context: RouteContext): Promise<AppResponse> {
  return withVersion(context, async (model) => {
    const { inputs, outputs } = (await model.declared()) ?? model.session;
    return json(200, {
      name: model.name,
      versions: [model.version],
      platform: 'onnxruntime_onnx',
      inputs: inputs.map(describeTensor),
      outputs: outputs.map(describeTensor),
    });
  });
}

/** The models of the function, as Triton's repository extension lists them; `{"ready": true}` leaves others out. */
export async function v2Index({ call, settings, hosts }: RouteContext): Promise<AppResponse> {
  const bytes = await call.read(settings.maxPayloadBytes);
  const { ready } = bytes.byteLength > 0 ? parseJsonObject(bytes) : {};
  const all = [...hosts.values()].map(({ name, current }) =>
    current
      ? { name, version: current.version, state: 'READY', reason: '' }
      : { name, version: '', state: 'UNAVAILABLE', reason: 'loaded by the first request for it' },
  );
  return json(
    200,
    all.filter(({ state }) => ready !== true || state === 'READY'),
  );
}

export async function v2Infer(context: RouteContext): Promise<AppResponse> {
  const { call, settings } = context;
  const bytes = await call.read(settings.maxPayloadBytes);
  const body = await splitBody(bytes, call.request.headers.get('inference-header-content-length'));
  return withVersion(context, async (model) => {
    const request = await readRequest(model, (signature) => readV2Request(body, signature));
    const outputs = chooseOutputs(context.query, model.session, request.outputs);
    return writeV2Response(model, request, await runModel(call, model, { ...request, outputs }));
  });
}

const describeTensor = (info: TensorInfo): Record<string, unknown> => ({
  name: info.name,
  datatype: datatypeOf(info.dtype),
  shape: dimensionsOf(info),
});

/** One version is served at a time; a path that names another one is not found. */
function withVersion(context: RouteContext, work: (model: ServedModel) => Promise<AppResponse>): Promise<AppResponse> {
  const wanted = context.params['version'];
  return withModel(context, async (model) => {
    if (wanted === undefined || wanted === model.version) return work(model);
    throw new RequestError(404, 'version-not-served', `${model.name} is served in version ${model.version}.`);
  });
}

/** Free dimensions are -1 in the protocol, which has no form for a shape that is not declared: one of those then. */
const dimensionsOf = ({ shape }: TensorInfo): number[] =>
  (shape ?? ['']).map((size) => (typeof size === 'number' ? size : -1));
