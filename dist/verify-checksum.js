import { runAction } from './index.js';

await runAction('verify', import.meta.dirname);
