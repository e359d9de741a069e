/** Writes a project with one small model for the self-test workflow: `node write-project.ts FOLDER [BIAS [VERSION [GATE]]]`. */
import { argv } from 'node:process';
import { Project } from '../fixtures/project.ts';

const [, , folder = '.', bias = '0.5', version = '1.0.0', gate = 'max-samples: 21, min-effect-ms: 2000'] = argv;
new Project(folder).release({ bias: Number(bias), version, gate });
