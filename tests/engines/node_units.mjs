// Computes units in the child process of the Node client: reads one JSON document a line, `{source, variable, seed}`, and
// writes the result or the error of each as a line.
import { createInterface } from "node:readline";
import { platform } from "../../client/js/node/platform.js";

const executors = await platform.open(null, { memoryMb: 1024, resultBytes: 64 << 20 });
const executor = executors.create();
for await (const line of createInterface({ input: process.stdin })) {
  const { source, variable = {}, seed } = JSON.parse(line);
  const unit = { job: "job", source, variable: JSON.stringify(variable), context: null, seed, gpu: false };
  const outcome = await executor.compute(unit, { timeout: 100_000 }).catch((ex) => ({ kind: ex.kind, error: String(ex) }));
  console.log(JSON.stringify(outcome));
}
executors.close();
