"""Trust: what a job requires before a result of a volunteer whom nobody knows counts.

`policy`, `agreement`, `audits` and `adaptive` decide and touch nothing: the benchmark drives them too.
"""
