import { compareAnswer } from '../model/answer-compare.ts';
import { type Task, type TaskBody, TaskError, type TaskRun, type Tensors } from './task.ts';

/** Runs the model. Throws TaskError where its graph refuses the values. */
export type RunModel = (feeds: Tensors, outputs: readonly string[]) => Promise<Tensors>;

/** Whether inputs of one run have been found to be answered as each by itself, by task. */
const joins = new WeakMap<Task, boolean>();

/**
 * Answers the inputs of a request: a prediction for each, or its error in its place. Inputs share runs; where a run is
 * refused, each of its inputs is tried alone. A graph may let the inputs of a run influence one another (one with
 * dynamic quantisation does), so the first shared run of a task is compared with its first and last input run alone.
 */
export async function ask(task: Task, read: readonly unknown[], run: RunModel): Promise<unknown[]> {
  const answers: unknown[] = [...read];
  const places = [...read.keys()].filter((at) => !(read[at] instanceof TaskError));
  const items = places.map((at) => read[at]);
  const put = (at: readonly number[], predictions: readonly unknown[]): void => {
    for (const [index, item] of at.entries()) answers[places[item] as number] = predictions[index];
  };
  const alone: number[] = [];
  for await (const next of task.runs(items, joins.get(task) === false)) {
    if ('error' in next) {
      put(
        next.items,
        next.items.map(() => next.error),
      );
      continue;
    }
    const predictions = await attempt(next, run);
    if (next.items.length === 1) put(next.items, predictions instanceof TaskError ? [predictions] : predictions);
    else if (predictions instanceof TaskError || !(await mayJoin(task, items, next, predictions, run)))
      alone.push(...next.items);
    else put(next.items, predictions);
  }
  for (const item of alone) put([item], [await one(task, items[item], run)]);
  return answers;
}

async function attempt(next: TaskRun, run: RunModel): Promise<readonly unknown[] | TaskError> {
  try {
    return await next.answer(await run(next.feeds, next.outputs));
  } catch (error) {
    if (error instanceof TaskError) return error;
    throw error;
  }
}

/** The prediction of one input, by itself. */
async function one(task: Task, item: unknown, run: RunModel): Promise<unknown> {
  for await (const next of task.runs([item], true)) {
    if ('error' in next) return next.error;
    const predictions = await attempt(next, run);
    return predictions instanceof TaskError ? predictions : predictions[0];
  }
  throw new Error(`The task ${task.kind} made no run of an input.`);
}

async function mayJoin(
  task: Task,
  items: readonly unknown[],
  joined: TaskRun,
  predictions: readonly unknown[],
  run: RunModel,
): Promise<boolean> {
  const known = joins.get(task);
  if (known !== undefined) return known;
  let same = true;
  for (const index of [0, joined.items.length - 1]) {
    const byItself = await one(task, items[joined.items[index] as number], run);
    same &&= compareAnswer(byItself, predictions[index]) === undefined;
  }
  joins.set(task, same);
  return same;
}

/**
 * Answers a whole request: its predictions, errors in their places as answers have them.
 * @throws TaskError where the body is wrong, or its only input
 */
export async function answerBody(task: Task, body: TaskBody, run: RunModel): Promise<unknown[]> {
  const answers = await ask(task, await task.read(body), run);
  if (answers.length === 1 && answers[0] instanceof TaskError) throw answers[0];
  return answers.map(inPlace);
}

/** Answers several requests whose inputs share runs: `{ predictions }` or `{ error }` for each, in their order. */
export async function answerBodies(
  task: Task,
  bodies: readonly TaskBody[],
  run: RunModel,
): Promise<({ predictions: unknown[] } | { error: unknown })[]> {
  const read: (readonly unknown[] | TaskError)[] = [];
  for (const body of bodies) read.push(await attemptToRead(task, body));
  const answers = await ask(task, read.flat(), run);
  let at = 0;
  return read.map((one) => {
    if (one instanceof TaskError) return inPlace(answers[at++]) as { error: unknown };
    const own = answers.slice(at, at + one.length);
    at += one.length;
    const [only] = own;
    if (own.length === 1 && only instanceof TaskError) return inPlace(only) as { error: unknown };
    return { predictions: own.map(inPlace) };
  });
}

async function attemptToRead(task: Task, body: TaskBody): Promise<readonly unknown[] | TaskError> {
  try {
    return await task.read(body);
  } catch (error) {
    if (error instanceof TaskError) return error;
    throw error;
  }
}

/** An answer, or what is said in its place. */
const inPlace = (answer: unknown): unknown =>
  answer instanceof TaskError ? { error: { code: answer.code, message: answer.message } } : answer;
