"""The pool's work: jobs, leases, validation, scheduling. Knows no HTTP and no paths."""
