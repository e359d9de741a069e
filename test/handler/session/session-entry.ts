import { run } from '../../../src/handler/entries/node-application.ts';

/** Entry of a worker thread that runs from sources; in a function it is node.cjs. */
run({ entry: import.meta.filename });
