import { App } from './app.ts';
import { openAzure } from './azure.ts';

/** A stand-in with a running instance, which prints that one's process id and its own folder: to be killed. */
const azure = await openAzure();
const app = new App(azure);
await app.make();
await app.publish();
const { pid } = await app.greeting();
console.log(JSON.stringify({ pid, scratch: azure.context.scratch }));
