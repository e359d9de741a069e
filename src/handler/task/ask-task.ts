import { answerBody, type RunModel } from '../../task/ask.ts';
import { type Task, TaskError } from '../../task/task.ts';
import type { AskTask } from '../model/golden-sample.ts';
import { RunError } from '../session/run-error.ts';
import type { Tensors } from '../session/session.ts';

/** Answers requests outside of a call: what the graph refuses is the request's fault. */
export function askWith(task: Task, run: (feeds: Tensors, outputs?: readonly string[]) => Promise<Tensors>): AskTask {
  const runModel: RunModel = async (feeds, outputs) => {
    try {
      return await run(feeds, outputs);
    } catch (error) {
      throw error instanceof RunError ? new TaskError(422, 'inference-failed', error.message) : error;
    }
  };
  return (json) => answerBody(task, { json }, runModel);
}
