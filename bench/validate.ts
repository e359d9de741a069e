import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dist, testCache } from '../test/fakes/processes/runner.ts';
import { tinyModel, tinySample } from '../test/fixtures/onnx.ts';
import { type Goal, median, msText, type Options } from './goal.ts';
import { runProcess } from './run-process.ts';

const models = 100;

/** models.yaml with so many small models, each with a golden sample. */
function writeModels(folder: string): void {
  const lines = Array.from({ length: models }, (_, at) => {
    writeFileSync(join(folder, `m${at}.onnx`), tinyModel(at));
    return `  m${at}: { version: 1.0.0, files: { model.onnx: m${at}.onnx }, sample: sample.json }`;
  });
  writeFileSync(join(folder, 'sample.json'), JSON.stringify({ inputs: tinySample.inputs }));
  writeFileSync(join(folder, 'models.yaml'), `schema: 1\nmodels:\n${lines.join('\n')}\n`);
}

/** `validate` of many small models, beside the same with one at a time. */
export async function validating({ quick, scratch }: Options): Promise<Goal[]> {
  mkdirSync(scratch, { recursive: true });
  const folder = mkdtempSync(join(scratch, 'validate-'));
  const run = async (...more: string[]): Promise<number> => {
    const options = { cwd: folder, env: { COLDGATE_CACHE: testCache } };
    return (await runProcess(process.execPath, [join(dist, 'cli.js'), 'validate', ...more], options)).ms;
  };
  try {
    writeModels(folder);
    // The first run prepares the runtime.
    await run();
    const ours: number[] = [];
    const single: number[] = [];
    for (let round = 0; round < (quick ? 1 : 7); round += 1) {
      ours.push(await run());
      single.push(await run('--parallel', '1'));
    }
    const ms = median(ours);
    const what = `validate of ${models} small models, whole command`;
    const beside = { peer: 'one at a time', theirs: msText(median(single)) };
    return [{ what, ...beside, ours: msText(ms), value: ms / 1000, limit: 8, unit: 's' }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
