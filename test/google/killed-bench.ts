import type { Fields } from '../fakes/clouds/fields.ts';
import { allTo, Client } from './client.ts';
import { openGoogle } from './google.ts';

/** A stand-in with a running instance, which prints that one's process id and its own folder: to be killed. */
const google = await openGoogle();
const client = new Client(google);
const template = await client.template('digits-one');
const body = { template, traffic: allTo('digits-one'), invokerIamDisabled: true };
await client.change('POST', `v2/${client.parent}/services?serviceId=digits`, body);
const answer = await fetch((await client.service('digits')).uri);
const { pid } = (await answer.json()) as Fields;
console.log(JSON.stringify({ pid, scratch: google.context.scratch }));
