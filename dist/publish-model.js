import { runAction } from './index.js';

await runAction('publish', import.meta.dirname);
