import { runAction } from './index.js';

await runAction('deploy', import.meta.dirname);
