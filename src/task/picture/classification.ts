import type { ImageClassification } from '../../model/task.ts';
import { floatsOf, mismatch } from '../rows.ts';
import { bestOf, scoredSchema, scoresOf } from '../scores.ts';
import type { Signature, Task } from '../task.ts';
import { pictureTask } from './picture-task.ts';
import type { PictureItem } from './read-pictures.ts';

/** Pictures to labels with scores. */
export function imageClassification(section: ImageClassification, signature: Signature): Task<PictureItem> {
  const { kind, output, labels, scores, top } = section;
  return pictureTask(kind, section.picture, signature, {
    output,
    takesTop: true,
    schemas: { more: { top: { type: 'integer', minimum: 1 } }, prediction: scoredSchema(labels) },
    answer(items, outputs, rows) {
      // Networks of convolutions alone answer [pictures, labels, 1, 1].
      const { data } = floatsOf(outputs, output, [2, 4], rows);
      const columns = data.length / rows;
      if (columns !== labels.length) throw mismatch(`${columns} columns in ${output}, and ${labels.length} labels`);
      return items.map((item, row) => {
        const logits = Float64Array.from({ length: columns }, (_, column) => data[row * columns + column]!);
        return bestOf(scoresOf(logits, scores), labels, item.top ?? top);
      });
    },
  });
}
