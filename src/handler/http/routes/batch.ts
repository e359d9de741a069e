import type { ServedModel } from '../../model/served-model.ts';
import { readRequest } from '../../model/signature.ts';
import { checkEmpty, toRefusal } from '../../session/run-model.ts';
import type { Tensors } from '../../session/session.ts';
import { runStacked } from '../../session/stacked-run.ts';
import { chooseOutputs } from '../../tensors/choose-outputs.ts';
import { parseBody } from '../../tensors/read-body.ts';
import { bodyKind } from '../../tensors/read-json.ts';
import { jsonWith } from '../../tensors/tensor-answer.ts';
import { badInput, type InferInput, isRecord, readInferInput } from '../../tensors/tensors-in.ts';
import { type Put, writeOutputs } from '../../tensors/tensors-out.ts';
import { uploadsOf } from '../../tensors/uploads-of.ts';
import type { AppResponse } from '../app-request.ts';
import type { Call } from '../call.ts';
import { RequestError } from '../request-error.ts';
import { noTask, type RouteContext, withModel } from '../route.ts';
import { describeModel } from './infer.ts';

/** Bounds the work of one request whatever the payload limit. */
const maxItems = 1024;

/** POST /v1/batch: `{ items: [{ inputs, outputs? } or { request }, …] }`, answered item by item; one bad item fails alone. */
export async function batch(context: RouteContext): Promise<AppResponse> {
  const { call, settings } = context;
  bodyKind(call.request, ['json']);
  const body = await parseBody(await call.read(settings.maxPayloadBytes));
  const items = readItems(body);
  call.items = items.length;
  return withModel(context, async (model) => {
    // What the query names is wrong for all items, or for none.
    chooseOutputs(context.query, model.session);
    const inputs: (InferInput | RequestError | undefined)[] = [];
    const withUploads = uploadsOf(settings);
    for (const item of items) {
      const read = async () => readItem(await withUploads(item), model, context.query);
      inputs.push(isRequest(item) ? undefined : await attempt(read));
    }
    const asked = await answerAsked(call, model, items);
    const good = inputs.flatMap((input, index) => (isGood(input) ? [{ index, input }] : []));
    const { answers, stacked } = await call.timed('run', () =>
      runItems(
        call,
        model,
        good.map(({ input }) => input),
      ),
    );
    const given = answers.flatMap((answer) => (answer instanceof RequestError ? [] : [answer]));
    const make = (put?: Put) => {
      const written = inputs.map((input, index) =>
        input instanceof RequestError ? describeError(input) : asked.get(index),
      );
      for (const [i, { index, input }] of good.entries()) {
        const answer = answers[i] as Tensors | RequestError;
        written[index] =
          answer instanceof RequestError ? describeError(answer) : { outputs: writeOutputs(answer, input.form, put) };
      }
      return { items: written, stacked, model: describeModel(model) };
    };
    return jsonWith(given, make, call.request.headers.get('accept-encoding'));
  });
}

const isGood = (input: InferInput | RequestError | undefined): input is InferInput =>
  input !== undefined && !(input instanceof RequestError);

/** Whether the item is a request for the task, and not tensors. */
const isRequest = (item: unknown): item is { request: unknown } => isRecord(item) && item['request'] !== undefined;

/** By place, what the task answers to the requests among the items. */
async function answerAsked(call: Call, model: ServedModel, items: readonly unknown[]): Promise<Map<number, unknown>> {
  const places = [...items.keys()].filter((at) => isRequest(items[at]));
  if (places.length === 0) return new Map();
  const { task } = model.loaded;
  const answers = task
    ? await (await import('../../task/answer-request.ts')).answerRequests(
        call,
        model,
        task,
        places.map((at) => requestOf(items[at])),
      )
    : places.map(() => describeError(noTask()));
  return new Map(places.map((at, index) => [at, answers[index]]));
}

/** Throws nothing for fields beside it: they are the request's to refuse. */
const requestOf = (item: unknown): unknown => (item as { request: unknown }).request;

function readItems(body: Record<string, unknown>): unknown[] {
  const unknown = Object.keys(body).find((key) => key !== 'items');
  if (unknown !== undefined) throw badInput('', 'only items', 'an unknown field');
  const items = body['items'];
  if (!Array.isArray(items)) throw badInput('items', 'a list of { inputs }', 'something else');
  if (items.length === 0 || items.length > maxItems)
    throw badInput('items', `1 to ${maxItems} items`, `${items.length}`);
  return items;
}

async function readItem(item: unknown, model: ServedModel, query: URLSearchParams): Promise<InferInput> {
  const input = await readRequest(model, (signature) => readInferInput(item, signature));
  checkEmpty(input.feeds, model.session.inputs);
  return { ...input, outputs: chooseOutputs(query, model.session, input.outputs) };
}

async function attempt<T>(work: () => Promise<T>): Promise<T | RequestError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
}

const describeError = ({ code, message }: RequestError): unknown => ({ error: { code, message } });

async function runItems(
  call: Call,
  model: ServedModel,
  inputs: readonly InferInput[],
): Promise<{ answers: (Tensors | RequestError)[]; stacked: boolean }> {
  const [first] = inputs;
  if (first) call.saw(first.feeds);
  const stacked = await runStacked(model, inputs);
  if (stacked) return { answers: stacked, stacked: true };
  const answers: (Tensors | RequestError)[] = [];
  for (const { feeds, outputs } of inputs) {
    try {
      answers.push(await model.run(feeds, outputs));
    } catch (error) {
      const refusal = await toRefusal(error, feeds, model);
      if (!(refusal instanceof RequestError)) throw refusal;
      answers.push(refusal);
    }
  }
  return { answers, stacked: false };
}
