// Serves the job with the smallest share of done variables, so that all jobs end at about the same time.
function (context) {
  const total = (job) => job.open + job.leased + job.done;
  const share = (job) => job.done / Math.max(1, total(job));
  const available = context.jobs.filter((job) => job.has_work).sort((one, other) => share(one) - share(other));
  return available.length > 0 ? available[0].id : null;
}
