import type { Schema, Task, TaskBody, TaskError, Tensors } from '../task.ts';
import { requestSchema, type TextItem } from './read-texts.ts';
import type { TextFeeds, TextRun } from './text-feeds.ts';

interface Answering {
  read(body: TaskBody): (TextItem | TaskError)[];
  /** Name of the output that is read. */
  output: string;
  /** One prediction for each text of the run. */
  answer(run: TextRun, outputs: Tensors): unknown[];
  /** Fields that a request may have besides, and what one prediction is. */
  schemas: { more?: Schema; prediction: Schema };
}

/** What the kinds of texts have in common: how texts become runs. */
export const textTask = (
  kind: string,
  feeds: TextFeeds,
  { read, output, answer, schemas }: Answering,
): Task<TextItem> => ({
  kind,
  types: [],
  example: { texts: ['A short text.', 'And one that is a little longer, so that a run has two lengths.'] },
  schemas: { request: requestSchema(schemas.more), prediction: schemas.prediction },
  read,
  *runs(items, alone) {
    for (const run of feeds.runs(items, alone)) {
      if ('error' in run) yield run;
      else
        yield {
          items: run.texts.map(({ at }) => at),
          feeds: run.feeds,
          outputs: [output],
          answer: (outputs) => answer(run, outputs),
        };
    }
  },
});
