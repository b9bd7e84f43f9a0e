// The order in which a worker of the browser's sandbox begins units that are sent ahead. Its job is a fake.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const TEXT = readFileSync(new URL("../browser/unit-worker.js", import.meta.url), "utf8");
const OPTIONS = { gpu: false, limit: 1000 };

/** A worker whose turns of the event loop and ends of units a test decides. */
class FakeWorker {
  posted = [];
  /** Those that have begun. */
  begun = [];
  turns = 0;
  #done;
  #beginNext;
  #handle;

  constructor() {
    const port1 = {};
    const port2 = { postMessage: () => (this.turns += 1) };
    const self = { postMessage: (message) => this.posted.push(message) };
    const openJob = () => (source, variable, context, lossy, limit, done) => {
      this.begun.push(variable);
      this.#done = done;
    };
    const create = new Function("self", "navigator", "MessageChannel", `const worker = ${TEXT}\nreturn worker;`);
    this.#handle = create(self, { hardwareConcurrency: 2 }, class {
      port1 = port1;
      port2 = port2;
    })(openJob, OPTIONS);
    this.#beginNext = () => port1.onmessage();
  }

  send(unit, after) {
    this.receive({ unit, source: "", variable: unit, context: null, ...(after === undefined ? {} : { after }) });
  }

  receive(data) {
    this.#handle({ data });
  }

  end(response = { result: "1" }) {
    this.#done({ __proto__: null, ...response });
  }

  /** The messages that it has sent itself. */
  takeTurns() {
    for (; this.turns > 0; this.turns -= 1) this.#beginNext();
  }
}

test("units that were sent ahead begin one after the other, each in a turn of its own", () => {
  const worker = new FakeWorker();
  worker.send(1);
  worker.send(2, 1);
  worker.send(3, 2);
  worker.end();
  assert.deepEqual(worker.begun, [1]);
  worker.takeTurns();
  assert.deepEqual(worker.begun, [1, 2]);
  worker.end();
  worker.takeTurns();
  assert.deepEqual(worker.begun, [1, 2, 3]);
});

test("the beginning of each is confirmed before it", () => {
  const worker = new FakeWorker();
  worker.send(1);
  worker.send(2, 1);
  worker.end();
  worker.takeTurns();
  worker.end();
  assert.deepEqual(worker.posted.map(({ unit, frozen }) => (frozen ? "confirmed" : unit)), [1, "confirmed", 2]);
});

test("units that come after the result of the one before begin too", () => {
  const worker = new FakeWorker();
  worker.send(1);
  worker.end();
  worker.send(2, 1);
  worker.send(3, 2);
  assert.deepEqual(worker.begun, [1]);
  worker.takeTurns();
  worker.end();
  worker.takeTurns();
  assert.deepEqual(worker.begun, [1, 2, 3]);
});

test("a withdrawal that came during a unit is received before the next begins", () => {
  const worker = new FakeWorker();
  worker.send(1);
  worker.send(2, 1);
  worker.end();
  worker.receive({ unit: 0, withdraw: true });
  worker.takeTurns();
  assert.deepEqual(worker.begun, [1]);
});

test("after a unit that failed none of them begins, nor one that comes later", () => {
  const worker = new FakeWorker();
  worker.send(1);
  worker.send(2, 1);
  worker.end({ kind: "threw" });
  worker.send(3, 2);
  worker.send(4, 1);
  worker.takeTurns();
  assert.deepEqual(worker.begun, [1]);
  worker.send(5);
  assert.deepEqual(worker.begun, [1, 5]);
});

test("members that a job adds to all objects change nothing", (context) => {
  for (const name of ["after", "freeze", "withdraw"]) Object.prototype[name] = 1;
  context.after(() => ["after", "freeze", "withdraw"].forEach((name) => delete Object.prototype[name]));
  const worker = new FakeWorker();
  worker.send(1);
  worker.send(2, 1);
  worker.end();
  worker.takeTurns();
  assert.deepEqual(worker.begun, [1, 2]);
});
