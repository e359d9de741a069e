/** Draws the example pictures of docs/gate.md: `node bench/gate/pictures.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderSvg } from '../../src/gate/pictures/svg.ts';
import { exampleRecord, examples } from './example-record.ts';

const docs = join(import.meta.dirname, '..', '..', 'docs');
for (const [name, scenario] of Object.entries(examples)) {
  writeFileSync(join(docs, `gate-${name}.svg`), renderSvg(exampleRecord(scenario)));
}
