import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dist, testCache } from '../test/fakes/processes/runner.ts';
import { sparseSample, writeSparseModel } from '../test/fixtures/external.ts';
import { type Goal, msText, type Options, pairs } from './goal.ts';
import { type Ran, runProcess } from './run-process.ts';

/** A project of one model of so many times 256 MiB, in so many files beside its graph. */
class LargeModel {
  readonly folder: string;

  constructor(scratch: string, tables: number, files: number) {
    mkdirSync(scratch, { recursive: true });
    this.folder = mkdtempSync(join(scratch, 'large-'));
    writeSparseModel(this.folder, tables, files);
    writeFileSync(join(this.folder, 'sample.json'), JSON.stringify(sparseSample(tables)));
    const model = 'big: { version: 1.0.0, optimize: off, files: { model.onnx: model.onnx }, sample: sample.json }';
    const environment = 'local: { store: "file:store", target: { provider: local } }';
    writeFileSync(
      join(this.folder, 'models.yaml'),
      `schema: 1\nenvironments:\n  ${environment}\nmodels:\n  ${model}\n`,
    );
  }

  run(verb: string): Promise<Ran> {
    return runProcess(process.execPath, [join(dist, 'cli.js'), verb], {
      cwd: this.folder,
      env: { COLDGATE_CACHE: testCache },
    });
  }

  async publish(): Promise<Ran> {
    rmSync(join(this.folder, 'store'), { recursive: true, force: true });
    return this.run('publish');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Publishing a model in two files of data beside the same one in one. */
async function inParts(scratch: string, quick: boolean): Promise<Goal> {
  const tables = quick ? 2 : 4;
  const [one, two] = [new LargeModel(scratch, tables, 1), new LargeModel(scratch, tables, 2)];
  try {
    const { ratio, ours, theirs } = await pairs(
      quick ? 3 : 7,
      async () => (await two.publish()).ms,
      async () => (await one.publish()).ms,
    );
    const what = `publish ${quick ? '512' : '1024'} MiB of external data in two files to the file store, whole command`;
    return {
      what,
      peer: 'in one file',
      ours: msText(ours),
      theirs: msText(theirs),
      value: ratio,
      limit: 1.05,
      unit: '×',
    };
  } finally {
    one.remove();
    two.remove();
  }
}

const memory = (what: string, { ms, peakMb }: Ran): Goal => ({
  what: `peak memory of ${what}`,
  peer: '',
  ours: `${peakMb.toFixed(0)} MB, ${msText(ms)}`,
  theirs: '',
  value: peakMb,
  limit: 250,
  unit: 'MB',
});

/** Models beyond what one file can hold: loaded, published and verified, with the peak memory of the command. */
export async function keepingLargeModels({ quick, scratch }: Options): Promise<Goal[]> {
  const goals = [await inParts(scratch, quick)];
  for (const [tables, files] of quick
    ? [[10, 1]]
    : ([
        [10, 1],
        [16, 2],
      ] as const)) {
    const model = new LargeModel(scratch, tables as number, files as number);
    const name = `${(tables as number) / 4} GiB in ${files === 1 ? 'one file' : 'two files'} of data`;
    try {
      goals.push(memory(`validating ${name}, the model loaded and run`, await model.run('validate')));
      if (quick) continue;
      goals.push(memory(`publishing ${name}`, await model.run('publish')));
      goals.push(memory(`verifying ${name}`, await model.run('verify')));
    } finally {
      model.remove();
    }
  }
  return goals;
}
