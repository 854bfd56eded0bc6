// Replays Immich: sends jobs with the fetch, FormData and Blob of Node 20, so that the
// bytes on the wire are the ones that Immich sends.
//
//   node immich_client.mjs BASE_URL JOBS.json
//
// JOBS.json: {"concurrency": 16, "jobs": [JOB, ...]}; started in their order, at most
// `concurrency` (default 1) at once. A JOB:
//   {"id": any, "kind": "text", "text": "...", "language": "en"}
//   {"id": any, "kind": "image" | "faces" | "ocr", "file": "path"}
//   {"id": any, "kind": "ping"}
//
// Prints one line of JSON per job when it ends, in the order in which they end:
//   {"id", "kind", "status", "headers": {}, "body": parsed JSON or text, "ms"}
//   {"event": "error", "id", "kind", "error", "cause", "ms"}   no response at all
// and one at last:
//   {"event": "summary", "jobs", "ok", "failed", "errors", "ms"}
// `ok` counts 2xx, `failed` other statuses, `errors` the rest; `ms` is milliseconds.
// Exit status 0 if every job was tried, 2 if the arguments are wrong.

import { readFile } from 'node:fs/promises';

const PING_TIMEOUT = 2000; // ms, Immich's default

const MODELS = {
  text: ({ language = 'en' }) => ({
    clip: { textual: { modelName: 'ViT-B-32__openai', options: { language } } },
  }),
  image: () => ({ clip: { visual: { modelName: 'ViT-B-32__openai' } } }),
  faces: () => ({
    'facial-recognition': {
      detection: { modelName: 'buffalo_l', options: { minScore: 0.7 } },
      recognition: { modelName: 'buffalo_l' },
    },
  }),
  ocr: () => ({
    ocr: {
      detection: {
        modelName: 'PP-OCRv5_mobile',
        options: { minScore: 0.5, maxResolution: 736 },
      },
      recognition: { modelName: 'PP-OCRv5_mobile', options: { minScore: 0.8 } },
    },
  }),
};

async function form(job) {
  const data = new FormData();
  data.append('entries', JSON.stringify(MODELS[job.kind](job)));
  if (job.kind === 'text') {
    data.append('text', job.text);
  } else {
    data.append('image', new Blob([await readFile(job.file)]));
  }
  return data;
}

// A Promise of the Response; `body` is prepared before the clock of the job starts.
function send(base, job, body) {
  if (job.kind === 'ping') {
    return fetch(new URL('/ping', base), { signal: AbortSignal.timeout(PING_TIMEOUT) });
  }
  return fetch(new URL('/predict', base), { method: 'POST', body });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function print(line) {
  process.stdout.write(JSON.stringify(line) + '\n');
}

async function run(base, job, counts) {
  const { id, kind } = job;
  const body = kind === 'ping' ? undefined : await form(job);
  const start = performance.now();
  const ms = () => Math.round((performance.now() - start) * 1000) / 1000;
  try {
    const response = await send(base, job, body);
    const text = await response.text();
    counts[response.ok ? 'ok' : 'failed'] += 1;
    const headers = Object.fromEntries(response.headers);
    print({ id, kind, status: response.status, headers, body: parsed(text), ms: ms() });
  } catch (error) {
    counts.errors += 1;
    // fetch says "fetch failed" for nearly everything; the reason is underneath.
    const cause = error.cause?.code ?? error.cause?.message ?? null;
    print({ event: 'error', id, kind, error: error.message, cause, ms: ms() });
  }
}

function refuse(reason) {
  process.stderr.write(`${reason}\nusage: node immich_client.mjs BASE_URL JOBS.json\n`);
  process.exit(2);
}

const [base, file] = process.argv.slice(2);
if (!file || !URL.canParse(base)) {
  refuse('BASE_URL must be a URL and JOBS.json a file');
}
const { concurrency = 1, jobs } = JSON.parse(await readFile(file, 'utf8'));
for (const { id, kind } of jobs) {
  if (kind !== 'ping' && !Object.hasOwn(MODELS, kind)) {
    refuse(`job ${JSON.stringify(id)}: unknown kind ${JSON.stringify(kind)}`);
  }
}

const counts = { ok: 0, failed: 0, errors: 0 };
const started = performance.now();
const queue = jobs.values();
// Every worker takes its next job from the one iterator they share.
await Promise.all(
  Array.from({ length: concurrency }, async () => {
    for (const job of queue) {
      await run(base, job, counts);
    }
  }),
);
const ms = Math.round(performance.now() - started);
print({ event: 'summary', jobs: jobs.length, ...counts, ms });
