import { elementsToJson } from '../../model/tensor-json.ts';
import { json } from '../answer.ts';
import type { AppResponse } from '../app-request.ts';
import { toBinary } from '../binary-tensor.ts';
import type { ServedModel } from '../served-model.ts';
import type { Tensors } from '../session.ts';
import { writeByteStrings } from './byte-strings.ts';
import { datatypeOf } from './datatypes.ts';
import { isWide, wideToNumbers } from './exact-integers.ts';
import type { V2Request } from './read-request.ts';

/** The outputs as JSON, those asked for as bytes behind it. */
export function writeV2Response(model: ServedModel, { id, binary }: V2Request, outputs: Tensors): AppResponse {
  const tail: Uint8Array[] = [];
  const written: unknown[] = [];
  for (const [name, tensor] of outputs) {
    const head = { name, shape: tensor.shape, datatype: datatypeOf(tensor.dtype) };
    if (!binary(name)) {
      const data = elementsToJson(tensor.dtype, tensor.data);
      written.push({ ...head, data: isWide(tensor.dtype) ? wideToNumbers(data) : data });
      continue;
    }
    const bytes = toBinary(tensor) ?? writeByteStrings(tensor.data as string[]);
    written.push({ ...head, parameters: { binary_data_size: bytes.byteLength } });
    tail.push(bytes);
  }
  const document = {
    model_name: model.name,
    model_version: model.version,
    ...(id !== undefined && { id }),
    outputs: written,
  };
  if (tail.length === 0) return json(200, document);
  const text = Buffer.from(JSON.stringify(document), 'utf8');
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(text.byteLength),
    },
    body: Buffer.concat([text, ...tail]),
  };
}
