import type { ServedModel } from '../../model/served-model.ts';
import { readRequest } from '../../model/signature.ts';
import { runModel } from '../../session/run-model.ts';
import type { Signature, Tensors } from '../../session/session.ts';
import { readBinaryTensor, readShapeHeader, toBinary } from '../../tensors/binary-tensor.ts';
import { chooseOutputs } from '../../tensors/choose-outputs.ts';
import { parseBody } from '../../tensors/read-body.ts';
import { bodyKind } from '../../tensors/read-json.ts';
import { jsonWith } from '../../tensors/tensor-answer.ts';
import { type InferInput, readInferInput } from '../../tensors/tensors-in.ts';
import { type Put, writeOutputs } from '../../tensors/tensors-out.ts';
import { uploadsOf } from '../../tensors/uploads-of.ts';
import type { AppResponse } from '../app-request.ts';
import { RequestError } from '../request-error.ts';
import { type RouteContext, withModel } from '../route.ts';

/** POST /v1/infer: JSON or one binary tensor in, the same form out. */
export async function infer(context: RouteContext): Promise<AppResponse> {
  const { call, settings } = context;
  const { headers } = call.request;
  const kind = bodyKind(call.request);
  const bytes = await call.read(settings.maxPayloadBytes);
  const body = kind === 'json' ? await uploadsOf(settings)(await parseBody(bytes)) : undefined;
  const shape = body ? undefined : readShapeHeader(headers.get('x-tensor-shape'));
  return withModel(context, async (model) => {
    const input = await readRequest(model, (signature) =>
      body ? readInferInput(body, signature) : readBinary(bytes, shape, signature),
    );
    const chosen = chooseOutputs(context.query, model.session, input.outputs);
    const outputs = await runModel(call, model, { ...input, outputs: chosen });
    const binary = wantsBinary(headers.get('accept'), kind === 'binary');
    if (binary === 'never' || (binary === 'maybe' && !isOneOfBytes(outputs))) {
      return jsonAnswer(model, input, outputs, headers.get('accept-encoding'));
    }
    return binaryAnswer(outputs);
  });
}

function readBinary(bytes: Uint8Array, shape: readonly number[] | undefined, { inputs }: Signature): InferInput {
  const required = inputs.filter(({ optional }) => !optional);
  const [info, second] = required;
  if (!info || second) {
    const names = required.map((one) => one.name).join(', ');
    throw new RequestError(415, 'binary-needs-one-input', `This model takes several tensors (${names}): send JSON.`);
  }
  const feeds = new Map([[info.name, readBinaryTensor(bytes, shape, info, `inputs.${info.name}`)]]);
  return { feeds, outputs: undefined, form: 'flat' };
}

/** Bytes come back where the caller asks for them, and where bytes came in and nothing else is asked for. */
function wantsBinary(accept: string | null, binaryIn: boolean): 'never' | 'maybe' | 'must' {
  const wanted = (accept ?? '').toLowerCase();
  if (wanted.includes('application/octet-stream')) return 'must';
  const open = wanted === '' || wanted.includes('*/*');
  return binaryIn && open ? 'maybe' : 'never';
}

function jsonAnswer(
  model: ServedModel,
  input: InferInput,
  outputs: Tensors,
  accepted: string | null,
): Promise<AppResponse> {
  const make = (put?: Put) => ({
    outputs: writeOutputs(outputs, input.form, put),
    model: describeModel(model),
  });
  return jsonWith([outputs], make, accepted);
}

const isOneOfBytes = (outputs: Tensors): boolean =>
  outputs.size === 1 && [...outputs.values()].every(({ dtype }) => dtype !== 'string');

function binaryAnswer(outputs: Tensors): AppResponse {
  const [first, second] = outputs;
  const [name, tensor] = first ?? [];
  const bytes = second || !tensor ? undefined : toBinary(tensor);
  if (!tensor || !bytes || name === undefined) {
    const how = `Name one with ?output=, of ${[...outputs.keys()].join(', ')}; text tensors come as JSON only.`;
    throw new RequestError(400, 'binary-needs-one-output', `A binary answer holds one output. ${how}`);
  }
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'x-tensor-name': encodeURIComponent(name),
      'x-tensor-dtype': tensor.dtype,
      'x-tensor-shape': tensor.shape.join(','),
    },
    body: bytes,
  };
}

/** Identifies the model, so that a response can be traced to the exact bytes of its model. */
export const describeModel = ({ name, version, sha256 }: ServedModel): Record<string, string> => ({
  name,
  version,
  sha256,
});
