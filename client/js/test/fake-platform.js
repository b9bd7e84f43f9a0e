// A platform whose computers do what a test says, and a clock that a test moves.
import { Client } from "../lib/client.js";
import { JobError } from "../lib/errors.js";
import { plainClock } from "../lib/waiting.js";
import { volunteer } from "../lib/volunteer.js";
import { until } from "./fake-pool.js";

export class FakeClock {
  #now = 0;
  #timers = new Set();

  now = () => this.#now;

  after = (milliseconds, callback) => {
    const timer = { due: this.#now + Math.max(0, milliseconds), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  /** In how many seconds something is due, soonest first. */
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

/** A client that counts the leases that have arrived. */
export class CountingClient extends Client {
  lent = 0;

  constructor(pool, clock) {
    super(pool.url, { patience: { attempts: 1 }, now: clock.now });
  }

  async lease(...values) {
    const leases = await super.lease(...values);
    this.lent += leases.items.length;
    return leases;
  }
}

/** Doubles `a`, in no time. */
export const double = ({ variable }) => JSON.parse(variable).a * 2;

/** Computes until it is let go, or cancelled. */
export class Held {
  units = [];
  #gates = [];

  compute = (unit, { signal, milliseconds }) => {
    this.units.push({ ...unit, milliseconds });
    return new Promise((resolve, reject) => {
      this.#gates.push({ resolve, reject });
      signal?.addEventListener("abort", () => reject(new JobError("cancelled", "it was interrupted")));
    });
  };

  /** Ends the oldest unit. */
  release(value = 1, seconds = 1) {
    this.#gates.shift().resolve({ value, seconds });
  }

  fail(kind, message = "as the test says") {
    this.#gates.shift().reject(new JobError(kind, message));
  }
}

/** `compute` returns the result, or `{value, seconds}`. */
export class FakePlatform {
  computers = [];
  opened = [];
  closed = 0;
  leave = () => {};

  constructor({ compute = double, clock = plainClock, can = ["wasm"], memoryMb = 1024 } = {}) {
    Object.assign(this, { compute, clock, abilities: { can, memoryMb } });
  }

  onLeave(callback) {
    this.leave = callback;
    return () => {
      this.leave = () => {};
    };
  }

  async open(root, options) {
    this.opened.push({ root, ...options });
    return {
      abilities: this.abilities,
      computer: () => this.#computer(),
      close: () => {
        this.closed += 1;
      },
    };
  }

  #computer() {
    const computer = {
      units: [],
      rests: 0,
      isClosed: false,
      compute: async (unit, limits) => {
        computer.units.push(unit);
        const answer = await this.compute(unit, limits);
        const { value, seconds } = answer?.value === undefined ? { value: answer, seconds: 0.001 } : answer;
        return { result: JSON.stringify(value), seconds };
      },
      rest: () => {
        computer.rests += 1;
      },
      close: () => {
        computer.isClosed = true;
      },
    };
    this.computers.push(computer);
    return computer;
  }
}

/** A volunteer that a test watches; stopped after the test. */
export class Watched {
  heard = [];

  constructor(test, pool, { compute, can, clock, platform, ...options } = {}) {
    this.platform = platform ?? new FakePlatform({ compute, can, clock });
    this.clock = this.platform.clock;
    this.volunteer = volunteer(typeof pool === "string" ? pool : pool.url, { platform: this.platform, ...options });
    for (const event of ["state", "worker", "unit", "error", "progress"]) {
      this.volunteer.on(event, (payload) => this.heard.push({ event, ...payload }));
    }
    test.after(() => this.volunteer.stop());
  }

  /** One that has started. */
  static async start(test, pool, options) {
    const watched = new Watched(test, pool, options);
    await watched.volunteer.start();
    return watched;
  }

  of(event, facts = {}) {
    const fits = (heard) => Object.entries(facts).every(([name, value]) => heard[name] === value);
    return this.heard.filter((heard) => heard.event === event && fits(heard));
  }

  hears(event, facts, times = 1) {
    return until(() => this.of(event, facts).length >= times && this.of(event, facts).at(-1));
  }

  /** Waits until it waits by the clock, and lets that time pass. */
  async passes(seconds) {
    await until(() => this.clock.waits.some((wait) => wait <= seconds));
    this.clock.advance(seconds);
  }
}

export const numbers = (count) => Array.from({ length: count }, (_, a) => ({ a }));
