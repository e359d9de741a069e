import type { ImageEmbedding } from '../../model/task.ts';
import { floatsOf } from '../rows.ts';
import { floatSchema, toFloatJson } from '../scores.ts';
import type { Signature, Task } from '../task.ts';
import { pictureTask } from './picture-task.ts';
import type { PictureItem } from './read-pictures.ts';

/** Pictures to a vector each. */
export function imageEmbedding(section: ImageEmbedding, signature: Signature): Task<PictureItem> {
  const { kind, output, pooling, normalize } = section;
  return pictureTask(kind, section.picture, signature, {
    output,
    takesTop: false,
    schemas: { prediction: { type: 'array', items: floatSchema } },
    answer(items, outputs, rows) {
      const { data, shape } = floatsOf(outputs, output, [pooling === 'none' ? 2 : 3], rows);
      const size = shape.at(-1) as number;
      const patches = data.length / rows / size;
      // Of the vectors of patches the first stands for the whole picture, where a network has such a one.
      const count = pooling === 'mean' ? patches : 1;
      return items.map((_item, row) => {
        const vector = Float64Array.from({ length: size }, (_, at) => {
          let sum = 0;
          for (let patch = 0; patch < count; patch++) sum += data[(row * patches + patch) * size + at]!;
          return sum / count;
        });
        const length = normalize ? Math.max(Math.hypot(...vector), 1e-12) : 1;
        return Array.from(vector, (value) => toFloatJson(value / length));
      });
    },
  });
}
