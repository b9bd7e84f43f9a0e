"""The domain: jobs, variables, results, flows, scheduling, validation, keys. It knows no HTTP and no files."""
