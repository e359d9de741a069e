export interface K6Input {
  /** `digits 1.1.0`, for messages. */
  what: string;
  url: string;
  /** Version that must answer. */
  version: string;
  /** Of an inference; the health check is called without one. */
  request: { path: string; json: unknown } | undefined;
  /** Requests a second. */
  rate: number;
  /** Bound of the 95th percentile, ms. */
  sloMs: number | undefined;
}

/** A value as source text; line separators of Unicode end a line in old engines. */
const literal = (value: unknown): string =>
  JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

/** What the script takes from k6. */
const imports = [
  "import { check } from 'k6';",
  "import http from 'k6/http';",
  "import { Counter, Rate } from 'k6/metrics';",
].join('\n');

/**
 * A load test for k6 that continues where the burst ends: a steady rate, then twice as much, with the SLO as threshold.
 */
export function k6Script({ what, url, version, request, rate, sloMs }: K6Input): string {
  const call = request
    ? `http.post(\`\${url}${request.path}\`, body, { headers })`
    : 'http.get(`${url}/v1/health`, { headers })';
  const slo = sloMs === undefined ? '' : `\n    http_req_duration: ['p(95)<${sloMs}'],`;
  return `// Load on ${literal(what).slice(1, -1)}, written by coldgate warmup --k6. Run it with: k6 run FILE
// Needs k6 (https://k6.io). Environment: COLDGATE_URL another address; COLDGATE_RATE requests a second;
// COLDGATE_DURATION of each step; COLDGATE_HEADERS a JSON object of headers, such as an Authorization.
// An address with auth: iam wants every request signed on AWS, which k6 does with its library (jslib.k6.io/aws), and an
// identity token on Google Cloud: {"authorization": "Bearer …"}, from gcloud auth print-identity-token. An app on Azure with
// auth: function wants {"x-functions-key": "…"}, from az functionapp keys list.
${imports}

const url = __ENV.COLDGATE_URL || ${literal(url)};
const rate = Number(__ENV.COLDGATE_RATE || ${rate});
const duration = __ENV.COLDGATE_DURATION || '60s';
const headers = Object.assign({ 'content-type': 'application/json' }, JSON.parse(__ENV.COLDGATE_HEADERS || '{}'));
const body = ${request ? literal(JSON.stringify(request.json)) : 'undefined'};
const throttled = new Counter('throttled');
const served = new Rate('served_by_version');

const step = (times, startTime) => ({
  executor: 'constant-arrival-rate',
  rate: rate * times,
  timeUnit: '1s',
  duration,
  startTime,
  preAllocatedVUs: rate * times,
  maxVUs: rate * times * 4,
});

export const options = {
  scenarios: { steady: step(1, '0s'), double: step(2, duration) },
  thresholds: {
    http_req_failed: ['rate<0.01'],
    served_by_version: ['rate>0.99'],${slo}
  },
};

export default function () {
  const answer = ${call};
  if (answer.status === 429) throttled.add(1);
  served.add(answer.headers['X-Coldgate-Version'] === ${literal(version)});
  check(answer, { 'status is 200': (one) => one.status === 200 });
}
`;
}
