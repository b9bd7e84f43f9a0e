// The package's entry: a pool's client, a volunteer, and what can go wrong. Where AngularJS is on the page, the module
// CompPoolClient is registered with it.
import { register } from "./angular.js";

export { register } from "./angular.js";
export { Client } from "./lib/client.js";
export { Document } from "./lib/document.js";
export { Astray, JobError, MissingLink, PoolError, Unreachable } from "./lib/errors.js";
export { Lease, Nothing } from "./lib/leases.js";
export { Volunteer, volunteer } from "./lib/volunteer.js";

register();
