// The page of a job: the server has made it as HTML; this puts it into the visitor's language and keeps it current.

import { byId } from "../dom.js";
import { Language } from "../languages.js";
import { FETCH_OPTIONS } from "../poller.js";
import { translateTables } from "../tables.js";
import { highlighted } from "./code.js";
import { JobErrorGroups } from "./errors.js";
import { JobHeader } from "./header.js";
import { JobLists } from "./lists.js";
import { OwnerActions } from "./owner/actions.js";
import { JobPicture } from "./picture.js";
import { JobPlots } from "./plots.js";
import { pollActivity } from "./poller.js";
import { JobProgress } from "./progress.js";
import { TEXTS } from "./texts/index.js";

const RETRY = 5_000;
const root = new URL(document.documentElement.dataset.root ?? "/", location.href);
const language = new Language(TEXTS);
const header = new JobHeader(language);
const progress = new JobProgress(language);
const plots = new JobPlots(language);
const lists = new JobLists(language);
const picture = new JobPicture(language, root);

/** The document of the job, at the address of this page. */
async function loadJob() {
  const address = location.origin + location.pathname;
  const response = await fetch(address, { ...FETCH_OPTIONS, headers: { Accept: "application/json" } });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

async function start() {
  const job = await loadJob().catch(() => undefined);
  if (job === undefined) {
    header.override("offline");
    setTimeout(start, RETRY);
  } else if (job === null) {
    header.renderMissing();
  } else {
    watch(job);
  }
}

/** @param {any} job */
function watch(job) {
  header.renderJob(job);
  picture.renderJob(job);
  const headers = () => errors.access.headers;
  const owner = new OwnerActions(root, location.origin + location.pathname, headers, () => header.renderMissing());
  const errors = new JobErrorGroups(language, root, new URL(job._links.errors, location.href).href, (opened) => {
    if (opened) owner.render(opened);
    else owner.clear();
  });
  errors.start();
  pollActivity(new URL(job._links.activity, location.href).href, {
    onactivity(activity, clockOffset) {
      header.render(activity);
      progress.render(activity);
      plots.render(activity, clockOffset);
      lists.render(activity);
      picture.render(activity);
      errors.render(activity);
    },
    onrecover: () => header.recover(),
    onfailure: () => header.override("offline"),
    onmissing: () => header.renderMissing(),
  });
}

language.translate();
translateTables(language);
byId("execute-function").replaceChildren(...highlighted(byId("execute-function").textContent));
void start();
