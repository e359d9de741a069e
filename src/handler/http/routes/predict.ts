import { readRequest } from '../../model/signature.ts';
import { runModel } from '../../session/run-model.ts';
import type { Signature, Tensors } from '../../session/session.ts';
import { chooseOutputs } from '../../tensors/choose-outputs.ts';
import { bodyKind, parseJsonObject } from '../../tensors/read-json.ts';
import { badInput, type InferInput, isRecord, readInferInput } from '../../tensors/tensors-in.ts';
import { writeOutputs } from '../../tensors/tensors-out.ts';
import { json } from '../answer.ts';
import type { AppResponse } from '../app-request.ts';
import { hostOf, type RouteContext, withModel } from '../route.ts';

/**
 * POST /v1/models/{name}:predict: the first protocol of KServe and TensorFlow Serving, one element or object of named
 * inputs for each instance. https://kserve.github.io/website/latest/modelserving/data_plane/v1_protocol/
 */
export async function predict(context: RouteContext): Promise<AppResponse> {
  const { call, settings, query } = context;
  bodyKind(call.request, ['json']);
  const body = parseJsonObject(await call.read(settings.maxPayloadBytes));
  return withModel(context, async (model) => {
    const input = await readRequest(model, (signature) => readInstances(body, signature));
    const outputs = await runModel(call, model, { ...input, outputs: chooseOutputs(query, model.session) });
    return json(200, { predictions: predictionsOf(outputs, rowsOf(input.feeds)) });
  });
}

/** GET /v1/models/{name} of the same protocol: whether the model can be served now, which loads it. */
export async function ready(context: RouteContext): Promise<AppResponse> {
  const { name } = hostOf(context);
  return withModel(context, async () => json(200, { name, ready: true }));
}

const known = ['instances', 'parameters', 'signature_name'];

function readInstances(body: Record<string, unknown>, signature: Signature): InferInput {
  const unknown = Object.keys(body).find((key) => !known.includes(key));
  if (unknown !== undefined) throw badInput('', `only ${known.join(', ')}`, 'an unknown field');
  const { instances } = body;
  if (!Array.isArray(instances) || instances.length === 0)
    throw badInput('instances', 'a list of at least one instance', 'something else');
  if (!instances.some(isRecord)) return readInferInput({ inputs: instances }, signature);
  if (!instances.every(isRecord)) throw badInput('instances', 'objects of named inputs alone, or none', 'both');
  const names = new Set(instances.flatMap(Object.keys));
  const inputs = [...names].map((name): [string, unknown[]] => {
    const missing = instances.findIndex((one) => !Object.hasOwn(one, name));
    if (missing >= 0) throw badInput(`instances[${missing}]`, 'the inputs that the others have', 'fewer');
    return [name, instances.map((one) => one[name])];
  });
  return readInferInput({ inputs: Object.fromEntries(inputs) }, signature);
}

const rowsOf = (feeds: Tensors): number | undefined => [...feeds.values()][0]?.shape[0];

/** One for each instance; all outputs by name where one of them has not as many rows. */
function predictionsOf(outputs: Tensors, rows: number | undefined): unknown {
  const written = writeOutputs(outputs, 'nested');
  const [only, second] = Object.values(written);
  const names = Object.keys(written);
  if ([...outputs.values()].some(({ shape }) => shape[0] !== rows)) return written;
  if (second === undefined) return only;
  const columns = written as Record<string, unknown[]>;
  return Array.from({ length: rows ?? 0 }, (_, row) =>
    Object.fromEntries(names.map((name) => [name, columns[name]?.[row]])),
  );
}
