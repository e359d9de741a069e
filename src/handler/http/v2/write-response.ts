import { elementsToJson } from '../../../model/tensor-format.ts';
import type { ParsedTensor } from '../../../model/tensor-json.ts';
import type { ServedModel } from '../../model/served-model.ts';
import type { Tensors } from '../../session/session.ts';
import { toBinary } from '../../tensors/binary-tensor.ts';
import { jsonWith } from '../../tensors/tensor-answer.ts';
import { isLater, type Put } from '../../tensors/tensors-out.ts';
import type { AppResponse } from '../app-request.ts';
import { writeByteStrings } from './byte-strings.ts';
import { datatypeOf } from './datatypes.ts';
import { isWide, wideToNumbers } from './exact-integers.ts';
import type { V2Request } from './read-request.ts';

/** The outputs as JSON, those asked for as bytes behind it. */
export async function writeV2Response(
  model: ServedModel,
  { id, binary }: V2Request,
  outputs: Tensors,
): Promise<AppResponse> {
  const plain: Tensors = new Map([...outputs].filter(([name]) => !binary(name)));
  const tail = [...outputs].filter(([name]) => binary(name)).map(([, tensor]) => bytesOf(tensor));
  let next = 0;
  const head = await jsonWith([plain], (put) => ({
    model_name: model.name,
    model_version: model.version,
    ...(id !== undefined && { id }),
    outputs: [...outputs].map(([name, tensor]) => ({
      ...{ name, shape: tensor.shape, datatype: datatypeOf(tensor.dtype) },
      ...(binary(name)
        ? { parameters: { binary_data_size: tail[next++]?.byteLength } }
        : { data: dataOf(tensor, put) }),
    })),
  }));
  if (tail.length === 0) return head;
  const text = Buffer.from(head.body as string);
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(text.byteLength),
    },
    body: Buffer.concat([text, ...tail]),
  };
}

const bytesOf = (tensor: ParsedTensor): Uint8Array => toBinary(tensor) ?? writeByteStrings(tensor.data as string[]);

function dataOf(tensor: ParsedTensor, put: Put | undefined): unknown {
  const { dtype, data } = tensor;
  const asNumbers = isWide(dtype);
  const later = isLater(tensor, put);
  if (later) return later({ tensor, shape: [data.length], asNumbers });
  return asNumbers ? wideToNumbers(elementsToJson(dtype, data)) : elementsToJson(dtype, data);
}
