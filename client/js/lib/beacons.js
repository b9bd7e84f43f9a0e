// The last requests of a page, which outlive it: as many as browsers let through.
import { Task } from "./task.js";

/** @typedef {import("./platform.js").Computed} Computed */
/** @typedef {{task: Task, computed: Computed}} Item */

/** Browsers allow 64 KiB for the bodies of all such requests of a page. */
const MAX_BYTES = 60_000;

/**
 * Posts results that are computed, together where they were leased together, and gives the other leases back. The results
 * first: Chromium drops some of many requests when a tab is closed, and none when another page is opened in it. All
 * begin before this returns.
 * @param {Iterable<Task>} tasks
 */
export async function sendBeacons(tasks) {
  const [items, others] = itemsWithin(tasks);
  await Promise.allSettled([...groups(items).map(post), ...others.map(release)]);
}

/** The results that fit, and the other tasks. @param {Iterable<Task>} tasks @returns {[Item[], Task[]]} */
function itemsWithin(tasks) {
  /** @type {Item[]} */
  const items = [];
  /** @type {Task[]} */
  const others = [];
  let bytes = 0;
  for (const task of tasks) {
    const { computed } = task;
    const size = computed ? task.bytesOf(computed) : Infinity;
    if (computed && bytes + size <= MAX_BYTES) {
      bytes += size;
      items.push({ task, computed });
    } else {
      others.push(task);
    }
  }
  return [items, others];
}

/** The results of each request. @param {Item[]} items */
function groups(items) {
  /** @type {Map<unknown, Item[]>} */
  const found = new Map();
  for (const item of items) {
    const key = item.task.isBatched ? item.task.job : item;
    found.set(key, [...(found.get(key) ?? []), item]);
  }
  return [...found.values()];
}

/** @param {Item[]} group */
function post(group) {
  const [{ task, computed }] = group;
  const call = { keepalive: true };
  const posting = group.length > 1 ? Task.postTogether(group, call) : task.post(computed, call);
  for (const item of group) item.task.complete();
  return posting;
}

/** @param {Task} task */
function release(task) {
  task.complete();
  return task.releaseByBeacon();
}
