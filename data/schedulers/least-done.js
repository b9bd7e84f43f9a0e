// Serves the job of which the smallest part is done, so that all jobs end at about the same time.
function (context) {
  const total = (job) => job.open + job.leased + job.done;
  const share = (job) => job.done / Math.max(1, total(job));
  const waiting = context.jobs.filter((job) => job.has_work).sort((one, other) => share(one) - share(other));
  return waiting.length > 0 ? waiting[0].id : null;
}
