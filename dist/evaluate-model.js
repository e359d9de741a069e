import { runAction } from './index.js';

await runAction('evaluate', import.meta.dirname);
