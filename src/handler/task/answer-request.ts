import { answerBodies, answerBody } from '../../task/ask.ts';
import { type Task, type TaskBody, TaskError, type Tensors } from '../../task/task.ts';
import { sinceStart } from '../clock.ts';
import type { Call } from '../http/call.ts';
import { RequestError } from '../http/request-error.ts';
import type { ServedModel } from '../model/served-model.ts';
import { toRefusal } from '../session/run-model.ts';

/**
 * Answers a request through the task of the model: its predictions, errors in their places. Notes the time of the runs,
 * and what the task took besides. Throws RequestError where the request as a whole is wrong.
 */
export async function answerRequest(call: Call, model: ServedModel, task: Task, body: TaskBody): Promise<unknown[]> {
  try {
    const predictions = await timedTask(call, (run) => answerBody(task, body, run), model);
    call.items = predictions.length;
    return predictions;
  } catch (error) {
    throw error instanceof TaskError ? new RequestError(error.status, error.code, error.message) : error;
  }
}

/** Answers many: `{ predictions }` or `{ error }` for each. Their inputs share runs. */
export const answerRequests = (call: Call, model: ServedModel, task: Task, requests: readonly unknown[]) =>
  timedTask(
    call,
    (run) =>
      answerBodies(
        task,
        requests.map((json) => ({ json })),
        run,
      ),
    model,
  );

type Run = (feeds: Tensors, outputs: readonly string[]) => Promise<Tensors>;

async function timedTask<T>(call: Call, work: (run: Run) => Promise<T>, model: ServedModel): Promise<T> {
  const started = sinceStart();
  let ran = 0;
  try {
    return await work(async (feeds, outputs) => {
      // The others differ in length alone.
      if (call.inputs.length === 0) call.saw(feeds);
      const begun = sinceStart();
      try {
        return await model.run(feeds, outputs);
      } catch (error) {
        throw asTaskError(await toRefusal(error, feeds, model));
      } finally {
        ran += sinceStart() - begun;
      }
    });
  } finally {
    call.took('run', ran);
    call.took('task', sinceStart() - started - ran);
  }
}

/** What the graph refuses is about the inputs of its run; all else is about the function. */
const asTaskError = (error: unknown): unknown =>
  error instanceof RequestError && (error.status === 400 || error.status === 422)
    ? new TaskError(error.status, error.code, error.message)
    : error;
