import { runAction } from './index.js';

await runAction('warmup', import.meta.dirname);
