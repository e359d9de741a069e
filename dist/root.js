import { runAction } from './index.js';

await runAction(undefined, import.meta.dirname);
