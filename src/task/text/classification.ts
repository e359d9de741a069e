import type { TextClassification } from '../../model/task.ts';
import type { Tokenizer } from '../../tokenizer/encode/tokenizer.ts';
import { floatsOf, mismatch } from '../rows.ts';
import { bestOf, scoredSchema, scoresOf } from '../scores.ts';
import type { Signature, Task } from '../task.ts';
import { readTexts, type TextItem } from './read-texts.ts';
import { TextFeeds } from './text-feeds.ts';
import { textTask } from './text-task.ts';

/** Texts, or pairs, to labels with scores. */
export function textClassification(
  section: TextClassification,
  tokenizer: Tokenizer,
  signature: Signature,
): Task<TextItem> {
  const { kind, output, labels, scores, top } = section;
  return textTask(kind, new TextFeeds(tokenizer, section.text, signature), {
    read: (body) => readTexts(body, ['top']),
    output,
    schemas: { more: { top: { type: 'integer', minimum: 1 } }, prediction: scoredSchema(labels) },
    answer({ texts, feeds }, outputs) {
      const { data, shape } = floatsOf(outputs, output, [2], [...feeds.values()][0]!.shape[0]!);
      const columns = shape[1] as number;
      if (columns !== labels.length) throw mismatch(`${columns} columns in ${output}, and ${labels.length} labels`);
      return texts.map(({ item }, row) => {
        const logits = Float64Array.from({ length: columns }, (_, column) => data[row * columns + column]!);
        return bestOf(scoresOf(logits, scores), labels, item.top ?? top);
      });
    },
  });
}
