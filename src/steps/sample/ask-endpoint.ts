import { UnprovenError } from '../../errors.ts';
import type { Dtype } from '../../model/tensor-info.ts';
import type { Context } from '../verb.ts';

/** A start of the function, and one run. */
const timeoutMs = 120_000;

interface Tensor {
  dtype: Dtype;
  shape: number[];
  data: unknown[];
}

type Tensors = Record<string, Tensor>;

/** Types as the Open Inference Protocol calls them. */
const datatypes: Readonly<Record<string, string>> = {
  ...{ float32: 'FP32', float64: 'FP64', float16: 'FP16', bool: 'BOOL', string: 'BYTES' },
  ...{ int8: 'INT8', int16: 'INT16', int32: 'INT32', int64: 'INT64' },
  ...{ uint8: 'UINT8', uint16: 'UINT16', uint32: 'UINT32', uint64: 'UINT64' },
};

/**
 * Sends the inputs to a running endpoint and returns its outputs: a function of Coldgate by its address, or any server of
 * the Open Inference Protocol by the address of its model (`…/v2/models/digits`). Throws UnprovenError `endpoint-failed`.
 */
export async function askEndpoint(url: string, inputs: Tensors, context: Context): Promise<Record<string, unknown>> {
  const base = url.replace(/\/+(?:infer)?$/, '').replace(/\/infer$/, '');
  const isOpen = /\/v2\/models\/[^/]+/.test(base);
  const path = isOpen ? `${base}/infer` : /\/v1(?:\/models\/[^/]+)?$/.test(base) ? `${base}/infer` : `${base}/v1/infer`;
  const body = isOpen ? { inputs: openTensors(inputs) } : { inputs };
  const answer = await post(path, body, context);
  const outputs = isRecord(answer) ? answer['outputs'] : undefined;
  if (isOpen && Array.isArray(outputs)) return fromOpen(outputs as OpenTensor[]);
  if (!isOpen && isRecord(outputs)) return outputs;
  throw failed(path, 'its answer has no outputs');
}

/** Sends a request to the task of a function of Coldgate. Throws UnprovenError `endpoint-failed`. */
export async function askTask(url: string, request: unknown, context: Context): Promise<{ predictions: unknown[] }> {
  const base = url.replace(/\/+(?:predict)?$/, '').replace(/\/predict$/, '');
  const path = /\/v1(?:\/models\/[^/]+)?$/.test(base) ? `${base}/predict` : `${base}/v1/predict`;
  const answer = await post(path, request, context);
  const predictions = isRecord(answer) ? answer['predictions'] : undefined;
  if (Array.isArray(predictions)) return { predictions };
  throw failed(path, 'its answer has no predictions');
}

async function post(url: string, body: unknown, { signal }: Context): Promise<unknown> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    text = await answer.text();
  } catch (cause) {
    signal.throwIfAborted();
    const { message, cause: why } = cause as Error;
    throw failed(url, why instanceof Error ? why.message : message, cause);
  }
  if (answer.status !== 200) throw failed(url, `it answered ${answer.status}: ${text.slice(0, 300)}`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw failed(url, `its answer is no JSON: ${text.slice(0, 80)}`, cause);
  }
}

const failed = (url: string, why: string, cause?: unknown): UnprovenError =>
  new UnprovenError('endpoint-failed', `${url} gives no answer to record: ${why}.`, {
    cause,
    hint: 'Check the address, and that it takes these inputs.',
  });

interface OpenTensor {
  name: string;
  shape: number[];
  datatype: string;
  data: unknown[];
}

/** 64-bit integers are plain numbers there. */
const openTensors = (inputs: Tensors): OpenTensor[] =>
  Object.entries(inputs).map(([name, { dtype, shape, data }]) => ({
    name,
    shape,
    datatype: datatypes[dtype] ?? dtype,
    data,
  }));

const fromOpen = (outputs: readonly OpenTensor[]): Tensors =>
  Object.fromEntries(
    outputs.map(({ name, shape, datatype, data }) => {
      const dtype = Object.entries(datatypes).find(([, open]) => open === datatype)?.[0] as Dtype;
      return [name, { dtype, shape, data }];
    }),
  );

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
