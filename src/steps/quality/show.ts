import type { ModelEntry } from '../../config/types.ts';
import type { QualityRecord } from '../../gate/quality/record.ts';
import type { ModelSignature } from './items.ts';
import { isItem, readLines } from './read-items.ts';

/** Examples shown, and letters of each. */
const max = { items: 20, letters: 300 };

/** The examples that changed sides as their file has them, for a person who asked to see them. */
export async function showChanged(
  { quality }: ModelEntry,
  { inputs }: Pick<ModelSignature, 'inputs'>,
  { changed }: QualityRecord,
): Promise<string[]> {
  if (!quality) return [];
  const { source, path } = quality.data;
  const sides = new Map([
    ...changed.lost.map((id) => [id, 'lost'] as const),
    ...changed.gained.map((id) => [id, 'gained'] as const),
  ]);
  const lines: string[] = [];
  for await (const found of readLines(source, path, inputs)) {
    if (lines.length >= max.items) break;
    if (!isItem(found)) continue;
    const id = String(found.fields['id'] ?? `line ${found.line}`);
    const side = sides.get(id);
    if (side) lines.push(`${side}: ${path}:${found.line}: ${JSON.stringify(found.fields).slice(0, max.letters)}`);
  }
  return lines;
}
