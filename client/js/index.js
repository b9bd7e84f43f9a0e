// The package's entry point for `import`. Registers the module CompPoolClient if AngularJS is loaded.
import { register } from "./angular.js";

export { register } from "./angular.js";
export { Client } from "./lib/client.js";
export { Document } from "./lib/document.js";
export {
  BadCertificate,
  Blocked,
  ForeignLink,
  ForeignResponse,
  JobError,
  MissingLink,
  Outdated,
  PoolError,
  Unreachable,
} from "./lib/errors.js";
export { Lease, NoWork } from "./lib/leases.js";
export { Volunteer, volunteer } from "./lib/volunteer.js";

register();
