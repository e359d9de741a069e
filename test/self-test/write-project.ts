/** Writes a project with one small model for the self-test workflow: `node write-project.ts FOLDER [BIAS]`. */
import { argv } from 'node:process';
import { Project } from '../fixtures/project.ts';

const [, , folder = '.', bias = '0.5'] = argv;
new Project(folder).release({ bias: Number(bias), gate: 'max-samples: 21, min-effect-ms: 2000' });
