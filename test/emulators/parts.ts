import { awsCli } from '../../bench/aws-cli.ts';
import { armClient } from '../azure/arm-client.ts';
import { chromium } from '../fakes/handler/browser.ts';
import { runClient } from '../google/run-client.ts';
import { schemathesis } from '../handler/http/schemathesis.ts';
import { tritonclient } from '../handler/http/tritonclient.ts';
import { act } from './act.ts';
import { actionlint } from './actionlint.ts';
import { crane } from './crane.ts';
import { githubOpenapi } from './github-openapi.ts';
import { lambdaRic } from './lambda-ric.ts';
import { liar } from './liar.ts';
import { mermaid } from './mermaid.ts';
import { nginx } from './nginx.ts';
import type { Part } from './part.ts';
import { serverParts } from './server-parts.ts';
import { strace } from './strace.ts';
import { zizmor } from './zizmor.ts';

/** All that the suite needs beyond the repository's own dependencies, the slowest to install first. */
export const parts: Part[] = [
  lambdaRic,
  ...serverParts,
  liar,
  strace,
  nginx,
  chromium,
  tritonclient,
  schemathesis,
  runClient,
  armClient,
  actionlint,
  crane,
  zizmor,
  act,
  githubOpenapi,
  mermaid,
  awsCli,
];
