import { copyFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyGraph, tinyWeights } from '../fixtures/external.ts';
import type { Project } from '../fixtures/project.ts';
import { change, models, type Situation } from './situation.ts';

const data = (project: Project) => project.path('models', 'digits.onnx.data');

/** The project's model with its tensors in a file beside it. */
function keepOutside(project: Project): void {
  writeFileSync(project.path('models', 'digits.onnx'), tinyGraph('digits.onnx.data'));
  writeFileSync(data(project), tinyWeights());
}

/** Models whose data is not as it should be. */
export const ofExternalData: Situation[] = [
  {
    name: 'a link in the place of data',
    line: 'validate --local',
    spoil: (project) => {
      keepOutside(project);
      renameSync(data(project), project.path('itself'));
      symlinkSync(project.path('itself'), data(project));
    },
    hint: /Put a copy of the file itself in its place\./,
    follow: (project, _found, run) => {
      rmSync(data(project));
      copyFileSync(project.path('itself'), data(project));
      return run;
    },
  },
  {
    name: 'data that is missing',
    line: 'validate --local',
    spoil: (project) => {
      keepOutside(project);
      renameSync(data(project), project.path('itself'));
    },
    hint: /Put (\S+) beside the model/,
    follow: (project, [, name = ''], run) => {
      renameSync(project.path('itself'), join(project.path('models'), name));
      return run;
    },
  },
  {
    name: 'data under a name in other case',
    line: 'validate --local',
    spoil: (project) => {
      keepOutside(project);
      renameSync(data(project), project.path('models', 'Digits.onnx.data'));
    },
    hint: /Give the file the very name that the model has for it\./,
    follow: (project, _found, run) => {
      renameSync(project.path('models', 'Digits.onnx.data'), data(project));
      return run;
    },
  },
  {
    name: 'another file under the name of data',
    line: 'validate --local',
    spoil: (project) => {
      keepOutside(project);
      writeFileSync(project.path('other.bin'), tinyWeights(9));
      const line = 'models/digits.onnx, digits.onnx.data: other.bin }';
      change(models(project), (text) => text.replace('models/digits.onnx }', line));
    },
    hint: /Take the line out: files that a model keeps tensors in are found beside it\./,
    follow: (project, _found, run) => {
      change(models(project), (text) => text.replace(', digits.onnx.data: other.bin', ''));
      return run;
    },
  },
];
