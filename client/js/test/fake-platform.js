// A platform with scripted executors, and a clock that a test advances.
import { Client } from "../lib/client.js";
import { JobError } from "../lib/errors.js";
import { systemClock } from "../lib/timers.js";
import { volunteer } from "../lib/volunteer.js";
import { eventually } from "./fake-pool.js";

export class FakeClock {
  #now = 0;
  #timers = new Set();

  now = () => this.#now;

  after = (milliseconds, callback) => {
    const timer = { due: this.#now + Math.max(0, milliseconds), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** The timers' remaining seconds, in order. */
  get waits() {
    return [...this.#timers].map(({ due }) => (due - this.#now) / 1000).sort((one, other) => one - other);
  }

  advance(seconds) {
    const end = this.#now + seconds * 1000;
    for (;;) {
      const [first] = [...this.#timers].sort((one, other) => one.due - other.due);
      if (!first || first.due > end) break;
      this.#timers.delete(first);
      this.#now = first.due;
      first.callback();
    }
    this.#now = end;
  }
}

/** A client that counts the leases it was granted. */
export class CountingClient extends Client {
  leased = 0;

  constructor(pool, clock) {
    super(pool.url, { retries: { attempts: 1 }, now: clock.now });
  }

  async lease(...values) {
    const leases = await super.lease(...values);
    this.leased += leases.items.length;
    return leases;
  }
}

/** Doubles `a`, in no time. */
export const double = ({ variable }) => JSON.parse(variable).a * 2;

/** Holds each unit until a test releases it, or it is cancelled. */
export class Held {
  units = [];
  /** Those that were told to follow each of them. */
  following = [];
  #gates = [];

  compute = (unit, { signal, timeout, following }) => {
    this.units.push({ ...unit, timeout });
    this.following.push(following);
    return new Promise((resolve, reject) => {
      this.#gates.push({ resolve, reject });
      signal?.addEventListener("abort", () => reject(new JobError("cancelled", "the unit was cancelled")));
    });
  };

  get isHeld() {
    return this.#gates.length > 0;
  }

  /** Completes the oldest unit. */
  release(value = 1, seconds = 1, console = "") {
    this.#gates.shift().resolve({ value, seconds, console });
  }

  fail(kind, message = "failed by the test", details) {
    this.#gates.shift().reject(new JobError(kind, message, details));
  }
}

/** What a worker used and how long it was frozen, in milliseconds: the members of an executor that knows its usage. */
export class FakeUsage {
  used = 0;
  frozen = [];

  takeUsed = () => {
    const { used } = this;
    this.used = 0;
    return used;
  };

  freeze = (milliseconds) => {
    this.frozen.push(milliseconds);
  };

  get members() {
    return { takeUsed: this.takeUsed, freeze: this.freeze };
  }
}

/** `compute` returns the result, or `{value, seconds, console}`. */
export class FakePlatform {
  executors = [];
  opened = [];
  closed = 0;
  exit = () => {};

  constructor({ compute = double, clock = systemClock, can = ["wasm"], memoryMb = 1024, usage, ...overheads } = {}) {
    Object.assign(this, { compute, clock, usage, overheads, capabilities: { can, memoryMb } });
  }

  onExit(callback) {
    this.exit = callback;
    return () => {
      this.exit = () => {};
    };
  }

  async open(root, options) {
    this.opened.push({ root, ...options });
    return {
      capabilities: this.capabilities,
      engine: "Fake 1",
      ...this.overheads,
      create: () => this.#create(),
      close: () => {
        this.closed += 1;
      },
    };
  }

  #create() {
    const executor = {
      units: [],
      resets: 0,
      isClosed: false,
      compute: async (unit, options) => {
        executor.units.push(unit);
        const computed = await this.compute(unit, options);
        const { value, ...more } = computed?.value === undefined ? { value: computed, seconds: 0.001 } : computed;
        return { result: JSON.stringify(value), console: "", ...more };
      },
      reset: () => {
        executor.resets += 1;
      },
      close: () => {
        executor.isClosed = true;
      },
      ...this.usage,
    };
    this.executors.push(executor);
    return executor;
  }
}

/** A volunteer whose events a test records; stopped after the test. */
export class Watched {
  received = [];

  constructor(test, pool, { compute, can, clock, usage, overheads, platform, ...options } = {}) {
    this.platform = platform ?? new FakePlatform({ compute, can, clock, usage, ...overheads });
    this.clock = this.platform.clock;
    this.volunteer = volunteer(typeof pool === "string" ? pool : pool.url, { platform: this.platform, ...options });
    for (const event of ["state", "worker", "unit", "error", "progress"]) {
      this.volunteer.on(event, (payload) => this.received.push({ event, ...payload }));
    }
    test.after(() => this.volunteer.stop());
  }

  /** A started one. */
  static async start(test, pool, options) {
    const watched = new Watched(test, pool, options);
    await watched.volunteer.start();
    return watched;
  }

  /** The events of a name with these members. */
  eventsOf(event, members = {}) {
    const matches = (one) => Object.entries(members).every(([name, value]) => one[name] === value);
    return this.received.filter((one) => one.event === event && matches(one));
  }

  waitFor(event, members, times = 1) {
    return eventually(() => this.eventsOf(event, members).length >= times && this.eventsOf(event, members).at(-1));
  }

  /** Waits for a timer of at most so many seconds, and advances the clock. */
  async passes(seconds) {
    await eventually(() => this.clock.waits.some((wait) => wait <= seconds));
    this.clock.advance(seconds);
  }
}

export const numbers = (count) => Array.from({ length: count }, (_, a) => ({ a }));
